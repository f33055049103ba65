// SPDX-License-Identifier: Apache-2.0
// The files in bad/, and the whole of what is told of each: bad/manifests.txt and bad/agent.txt.
// With PROVISOR_WRITE_GOLDEN=1 they are written anew; read them as whoever wrote such a file would.
#include "model/manifest.hpp"
#include "model/placeholders.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// What holds of every complaint.
void expect_helpful(const Diagnostic& one, const std::string& text) {
    EXPECT_GE(one.place.line, 1);
    EXPECT_GE(one.place.column, 1);
    EXPECT_LE(one.place.line, std::count(text.begin(), text.end(), '\n') + 1);
    EXPECT_FALSE(one.message.empty());
    EXPECT_EQ(to_text(one).find("hunter2"), std::string::npos) << "a secret";
    EXPECT_EQ(to_text(one).find('\x1b'), std::string::npos) << "a message moves the cursor";
}

std::string told(const fs::path& file, const std::vector<Diagnostic>& errors) {
    const std::string text = test::read_text(file);
    SCOPED_TRACE(file);
    EXPECT_FALSE(errors.empty()) << "nothing is wrong with it";
    std::string all;
    for (const Diagnostic& one : errors) {
        expect_helpful(one, text);
        all += to_text(one) + "\n";
    }
    return all + "\n";
}

void expect_golden(const std::string& name, const std::string& text) {
    const fs::path golden = fs::path(BAD_FILES) / name;
    if (std::getenv("PROVISOR_WRITE_GOLDEN") != nullptr)
        test::write_text(golden, text);
    EXPECT_EQ(text, test::read_text(golden));
}

TEST(BadFiles, OfManifestsAreToldByTheirPlaceAndWhatWasExpected) {
    const std::vector<fs::path> files = files_in(fs::path(BAD_FILES) / "manifests");
    EXPECT_GE(files.size(), 200U);
    std::string all;
    for (const fs::path& file : files) {
        const ParsedManifest parsed =
            parse_manifest({file.filename(), test::read_text(file)}, {"x86_64", "", "linux"});
        const MergedManifests merged = merge_manifests({parsed});
        EXPECT_TRUE(merged.components.empty()) << file;
        all += told(file, parsed.errors.empty() ? merged.errors : parsed.errors);
    }
    expect_golden("manifests.txt", all);
}

TEST(BadFiles, OfTheAgentAreToldByTheirPlaceAndWhatWasExpected) {
    std::string all;
    for (const fs::path& file : files_in(fs::path(BAD_FILES) / "agent")) {
        const ParsedConfig parsed = parse_agent_config({{file.filename(), test::read_text(file)}});
        EXPECT_EQ(parsed.config, AgentConfig{}) << "a bad configuration is not half in force";
        all += told(file, parsed.errors);
    }
    expect_golden("agent.txt", all);
}

} // namespace
} // namespace provisor
