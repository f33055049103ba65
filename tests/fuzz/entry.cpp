// SPDX-License-Identifier: Apache-2.0
// Where libFuzzer comes in, for the target PROVISOR_FUZZ_TARGET. What the target throws ends the
// program, which keeps the input.
#include "fuzz/target.hpp"

#include <cstddef>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    provisor::fuzz::PROVISOR_FUZZ_TARGET({reinterpret_cast<const char*>(bytes), size});
    return 0;
}
