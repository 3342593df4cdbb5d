#pragma once
#include <stddef.h>
#include <stdint.h>

/// The toolchain's fuzzer, which has no header of its own: calls `one` with inputs that reach new code.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*one)(const uint8_t *data, size_t size));
