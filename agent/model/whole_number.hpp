// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <utility>

namespace provisor {

/// The number of a JSON value, which the library's own get<Number>() would cut to fit: 1e300 has no
/// defined result there, and 2^32 + 1 is 1. Throws std::invalid_argument for anything but a whole
/// number that fits.
template <std::integral Number, typename Json>
Number whole_number(const Json& value) {
    const auto fit = [](auto number) {
        if (!std::in_range<Number>(number))
            throw std::invalid_argument("a number that does not fit");
        return static_cast<Number>(number);
    };
    if (!value.is_number_integer())
        throw std::invalid_argument("not a whole number");
    return value.is_number_unsigned() ? fit(value.template get<std::uint64_t>())
                                      : fit(value.template get<std::int64_t>());
}

} // namespace provisor
