// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace provisor::test {

/// What stands between the separators: "a,b" is two words, "" none.
inline std::vector<std::string> words_of(const std::string& text, char between) {
    std::vector<std::string> words;
    std::istringstream stream(text);
    for (std::string word; std::getline(stream, word, between);)
        words.push_back(word);
    return words;
}

} // namespace provisor::test
