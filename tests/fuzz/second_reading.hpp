// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/yaml_reader.hpp"

#include <string>

namespace provisor::fuzz {

/// What libyaml, which shares nothing with yaml-cpp, makes of a text.
struct SecondReading {
    YamlNode root;         ///< without places
    std::string refusal;   ///< with its place; empty when it takes the text
    std::size_t place = 0; ///< of the refusal, in bytes
};
SecondReading read_with_libyaml(const std::string& text);

/// The first difference in kinds, texts, and which of them are certainly texts, by its line in `a`;
/// empty when there is none.
std::string difference(const YamlNode& a, const YamlNode& b);

/// What provisor and libyaml do not agree on in a text that provisor takes; empty when they do, and
/// where they need not: where YAML 1.1, which is libyaml's, is another language than YAML 1.2.
std::string disagreement(const std::string& text);

} // namespace provisor::fuzz
