#!/usr/bin/env bash
# What a reviewer should not have to say: the format, the house rules, no warnings.
# Warnings are errors in a folder of its own, so that the everyday build is not made again.
set -euo pipefail
cd "$(dirname "$0")/.."

swift format lint --strict --parallel --recursive Package.swift Sources Tests
CI=1 swift build --build-tests --scratch-path .build/check
CI=1 swift test --skip-build --scratch-path .build/check --filter TidyTests
