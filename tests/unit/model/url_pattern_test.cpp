// SPDX-License-Identifier: Apache-2.0
#include "model/url_pattern.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

constexpr const char* base = "https://example.org/v1/app-1.0";

struct Row {
    const char* name;
    const char* url;
    const char* pattern;
    bool matches;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class UrlPattern : public testing::TestWithParam<Row> {};

TEST_P(UrlPattern, MatchesWhatItSays) {
    EXPECT_EQ(matches_pattern(GetParam().url, GetParam().pattern, base), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(
    All, UrlPattern,
    testing::Values(
        Row{"ItselfWithoutWildcard", base, "/v1/app-1.0", true},
        Row{"AnotherWithoutWildcard", "https://example.org/v1/app-1.1", "/v1/app-1.0", false},
        Row{"Suffix", "https://example.org/v1/app-1.1", "/v1/app-*", true},
        Row{"AcrossSlashes", "https://example.org/v2/rc/app-2.0", "/v*/app-*", true},
        Row{"TheFirstPieceIsAtTheBeginning", "https://example.org/x/v1/app-1", "/v*/app-*", false},
        Row{"TheLastPieceIsAtTheEnd", "https://example.org/v1/app-1.sig", "/v*/app-1", false},
        Row{"PiecesDoNotOverlap", "https://example.org/aba", "/aba*aba", false},
        Row{"ThreePieces", "https://example.org/a/x/b/y/c", "/a/*/b/*/c", true},
        Row{"ThreePiecesInOrder", "https://example.org/a/x/c/y/b", "/a/*/b/*/c", false},
        Row{"Everything", "https://example.org/what/ever", "/*", true},
        Row{"RelativeToTheBase", "https://example.org/v1/app-2.0", "app-*", true},
        Row{"RelativeIsInItsFolder", "https://example.org/v2/app-2.0", "app-*", false},
        Row{"WholeUrl", "https://example.org/v2/app", "https://example.org/v*/app", true},
        Row{"WholeUrlElsewhere", "https://example.org/v2/app", "https://else.org/v*/app", false},
        Row{"OtherHost", "https://else.org/v1/app-1.0", "/v1/app-1.0", false},
        Row{"OtherScheme", "http://example.org/v1/app-1.0", "/v1/app-1.0", false},
        Row{"OtherPort", "https://example.org:8443/v1/app-1.0", "/v1/app-1.0", false},
        Row{"DefaultPort", "https://example.org:443/v1/app-1.0", "/v1/app-1.0", true},
        Row{"QueryIsNotLookedAt", "https://example.org/v1/app-1.0?x=y#z", "/v1/app-*", true},
        Row{"NoPath", "https://example.org", "/*", true},
        Row{"Escaped", "https://example.org/a*b", R"(/a\*b)", true},
        Row{"EscapedIsNoWildcard", "https://example.org/axb", R"(/a\*b)", false},
        Row{"EndsInEscape", "https://example.org/a", "/a\\", false},
        Row{"NamedGroup", "https://example.org/v1/app-1.0", "/v1/:name", false},
        Row{"RegularExpression", "https://example.org/v1/app-1.0", "/v1/(.*)", false},
        Row{"Braces", "https://example.org/v1/app-1.0", "/v1/{app-1.0}?", false}),
    [](const auto& row) { return row.param.name; });

} // namespace
} // namespace provisor
