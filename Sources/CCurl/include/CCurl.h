#pragma once
#include <curl/curl.h>
#include <stddef.h>

/* libcurl's option functions take variable arguments, which Swift cannot call: one function a type. */
CURLcode esteira_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode esteira_curl_set_size(CURL *handle, CURLoption option, curl_off_t value);
/* Strings are copied by libcurl; null unsets. */
CURLcode esteira_curl_set_text(CURL *handle, CURLoption option, const char *value);
CURLcode esteira_curl_set_pointer(CURL *handle, CURLoption option, const void *value);
CURLcode esteira_curl_get_long(CURL *handle, CURLINFO info, long *value);

typedef size_t (*esteira_curl_data)(char *bytes, size_t size, size_t count, void *owner);
typedef curl_socket_t (*esteira_curl_open)(void *owner, curlsocktype purpose, struct curl_sockaddr *address);
/* The address is the one that the connection, new or reused, really has. */
typedef int (*esteira_curl_before)(void *owner, char *remote, char *local, int remote_port, int local_port);

/* All callbacks of a transfer get the same owner. */
CURLcode esteira_curl_set_callbacks(CURL *handle, void *owner, esteira_curl_data on_header,
                                    esteira_curl_data on_body, esteira_curl_open on_open,
                                    esteira_curl_before on_before);

/* The body that is sent is read piece by piece; both get the owner of the transfer. */
typedef int (*esteira_curl_seek)(void *owner, curl_off_t offset, int origin);
CURLcode esteira_curl_set_upload(CURL *handle, void *owner, esteira_curl_data on_read, esteira_curl_seek on_seek);

/* Called now and then; anything but 0 ends the transfer. */
typedef int (*esteira_curl_progress)(void *owner, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d);
CURLcode esteira_curl_set_progress(CURL *handle, void *owner, esteira_curl_progress on_progress);

CURLMcode esteira_curl_multi_set_long(CURLM *multi, CURLMoption option, long value);
/* The next ended transfer and its result; 0 when there is none. */
int esteira_curl_multi_ended(CURLM *multi, CURL **handle, CURLcode *result);

/* Opens a socket as libcurl itself would. */
curl_socket_t esteira_curl_socket(const struct curl_sockaddr *address);
const struct sockaddr *esteira_curl_address(const struct curl_sockaddr *address);
