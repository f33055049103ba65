// SPDX-License-Identifier: Apache-2.0
// The JSON Schemas that editors use must know the same keys as the decoder.
#include "model/manifest.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace provisor {
namespace {

using Json = nlohmann::json;

Json read_schema(const std::string& name) {
    return Json::parse(std::ifstream(std::string(CONFIG_FOLDER "/schema/") + name));
}

/// The known keys, as the decoder lists them when it meets one that it does not know.
std::set<std::string> keys_in_complaint(const std::vector<Diagnostic>& errors) {
    std::set<std::string> keys;
    for (const Diagnostic& error : errors) {
        const std::size_t begin = error.message.find("known are ");
        if (begin == std::string::npos)
            continue;
        std::stringstream list(error.message.substr(begin + 10));
        for (std::string key; std::getline(list, key, ',');)
            keys.insert(key.substr(key.find_first_not_of(' ')));
    }
    return keys;
}

std::set<std::string> keys_of(const Json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.at("properties").items())
        keys.insert(key);
    return keys;
}

std::set<std::string> manifest_keys(const std::string& component) {
    return keys_in_complaint(parse_manifest({"m", "components:\n  a:\n" + component}, {}).errors);
}

TEST(Schema, OfManifestsKnowsTheDecodersKeys) {
    const Json schema = read_schema("manifest.json");
    const Json& component = schema.at("definitions").at("component");
    EXPECT_EQ(keys_of(component), manifest_keys("    qqqqqqqqqq: 1\n"));
    const auto part = [&](const char* name) -> const Json& {
        return schema.at("definitions").at(name);
    };
    EXPECT_EQ(keys_of(part("file")), manifest_keys("    files: [{qqqqqqqqqq: 1}]\n"));
    EXPECT_EQ(keys_of(part("unit")), manifest_keys("    units: [{qqqqqqqqqq: 1}]\n"));
    EXPECT_EQ(keys_of(part("health")), manifest_keys("    health: {qqqqqqqqqq: 1}\n"));
    EXPECT_EQ(keys_of(part("signature").at("oneOf").at(1)),
              manifest_keys("    signature: {qqqqqqqqqq: 1}\n"));
    EXPECT_EQ(keys_of(part("auth")), manifest_keys("    auth: {qqqqqqqqqq: 1}\n"));
    EXPECT_EQ(keys_of(schema),
              keys_in_complaint(parse_manifest({"m", "qqqqqqqqqq: 1\n"}, {}).errors));
}

TEST(Schema, OfTheConfigurationKnowsTheDecodersKeys) {
    const Json schema = read_schema("agent.json");
    const auto decoder_keys = [](const std::string& text) {
        return keys_in_complaint(parse_agent_config({{"agent.yaml", text}}).errors);
    };
    EXPECT_EQ(keys_of(schema), decoder_keys("qqqqqqqqqq: 1\n"));
    for (const char* part : {"limits", "timeouts", "cache", "retry", "flip_flop", "tls"})
        EXPECT_EQ(keys_of(schema.at("properties").at(part)),
                  decoder_keys(std::string(part) + ": {qqqqqqqqqq: 1}\n"))
            << part;
}

TEST(Schema, AllowsNoKeyBeyond) {
    EXPECT_EQ(
        read_schema("manifest.json").at("definitions").at("component").at("additionalProperties"),
        false);
    EXPECT_EQ(read_schema("agent.json").at("additionalProperties"), false);
}

TEST(Examples, AreGoodManifests) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(CONFIG_FOLDER "/examples")) {
        std::stringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        const ParsedManifest parsed =
            parse_manifest({entry.path().string(), text.str()}, {"x86_64", "", "linux"});
        EXPECT_TRUE(parsed.errors.empty()) << to_text(parsed.errors.front());
        EXPECT_FALSE(parsed.components.empty()) << entry.path();
        EXPECT_EQ(text.str().find("# yaml-language-server: $schema="), 0U) << entry.path();
        ++count;
    }
    EXPECT_GE(count, 3);
}

} // namespace
} // namespace provisor
