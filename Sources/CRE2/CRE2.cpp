#include "CRE2.h"
#include <re2/re2.h>
#include <new>

struct cre2 {
  RE2 pattern;
  std::string error;
  cre2(const re2::StringPiece &text, const RE2::Options &options) : pattern(text, options), error(pattern.error()) {}
};

extern "C" cre2 *cre2_new(const char *pattern, size_t length) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(8 << 20);
  return new (std::nothrow) cre2(re2::StringPiece(pattern, length), options);
}

extern "C" void cre2_free(cre2 *pattern) { delete pattern; }

extern "C" const char *cre2_error(const cre2 *pattern) {
  return pattern->pattern.ok() ? nullptr : pattern->error.c_str();
}

extern "C" bool cre2_found(const cre2 *pattern, const char *text, size_t length) {
  return RE2::PartialMatch(re2::StringPiece(text, length), pattern->pattern);
}
