#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Computes every committed vector a second way, with nothing but Python's standard library.

Usage: python3 vectors/check.py
Exit code 0 if all of them agree, 1 otherwise.
"""

import sys

sys.dont_write_bytecode = True

import layouts
import seals
import storage

if __name__ == "__main__":
    results = [layouts.main(), seals.main(), storage.main()]
    sys.exit(max(results))
