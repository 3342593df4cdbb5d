#pragma once
#include <stdbool.h>
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
/// A compiled RE2 pattern, or one that could not be compiled: `cre2_error` then says why.
typedef struct cre2 cre2;
cre2 *cre2_new(const char *pattern, size_t length);
void cre2_free(cre2 *pattern);
/// NULL where the pattern is well formed.
const char *cre2_error(const cre2 *pattern);
/// Whether the pattern is found anywhere in the text.
bool cre2_found(const cre2 *pattern, const char *text, size_t length);
#ifdef __cplusplus
}
#endif
