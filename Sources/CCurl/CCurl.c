#define _GNU_SOURCE 1
#include "CCurl.h"
#include <sys/socket.h>

CURLcode esteira_curl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

CURLcode esteira_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

CURLcode esteira_curl_set_text(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

CURLcode esteira_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
  return curl_easy_setopt(handle, option, value);
}

CURLcode esteira_curl_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}

CURLcode esteira_curl_set_callbacks(CURL *handle, void *owner, esteira_curl_data on_header,
                                    esteira_curl_data on_body, esteira_curl_open on_open,
                                    esteira_curl_before on_before) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERDATA, owner);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_WRITEDATA, owner);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, owner);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_open);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_PREREQDATA, owner);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, on_before);
  return code;
}

CURLcode esteira_curl_set_upload(CURL *handle, void *owner, esteira_curl_data on_read, esteira_curl_seek on_seek) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_READDATA, owner);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_read);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_SEEKDATA, owner);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, on_seek);
  return code;
}

CURLcode esteira_curl_set_progress(CURL *handle, void *owner, esteira_curl_progress on_progress) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_XFERINFODATA, owner);
  if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  return code;
}

CURLMcode esteira_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

int esteira_curl_multi_ended(CURLM *multi, CURL **handle, CURLcode *result) {
  int left;
  CURLMsg *message;
  while ((message = curl_multi_info_read(multi, &left)) != 0) {
    if (message->msg != CURLMSG_DONE) continue;
    *handle = message->easy_handle;
    *result = message->data.result;
    return 1;
  }
  return 0;
}

curl_socket_t esteira_curl_socket(const struct curl_sockaddr *address) {
  int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  return descriptor < 0 ? CURL_SOCKET_BAD : descriptor;
}

const struct sockaddr *esteira_curl_address(const struct curl_sockaddr *address) { return &address->addr; }
