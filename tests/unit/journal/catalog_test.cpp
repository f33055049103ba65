// SPDX-License-Identifier: Apache-2.0
//
// Holds config/provisor.catalog and message_ids.hpp together, and lets systemd itself read the
// catalog.
#include "support/temporary_folder.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::read_text;

std::set<std::string> ids_of_the_code() {
    const std::string code = read_text(PROVISOR_MESSAGE_IDS);
    const std::regex id("\"([0-9a-f]{32})\"");
    std::set<std::string> ids;
    for (std::sregex_iterator at(code.begin(), code.end(), id), end; at != end; ++at)
        ids.insert((*at)[1]);
    return ids;
}

/// The text of each entry of the catalog, by id.
std::map<std::string, std::string> entries_of_the_catalog() {
    std::map<std::string, std::string> entries;
    std::istringstream lines(read_text(PROVISOR_CATALOG));
    std::string line;
    std::string id;
    while (std::getline(lines, line)) {
        if (line.starts_with("-- ")) {
            id = line.substr(3);
            EXPECT_FALSE(entries.contains(id)) << "twice in the catalog: " << id;
            entries[id];
        } else if (!id.empty()) {
            entries[id] += line + "\n";
        }
    }
    return entries;
}

TEST(Catalog, ExplainsEveryMessageIdAndNoOther) {
    std::set<std::string> explained;
    for (const auto& [id, text] : entries_of_the_catalog())
        explained.insert(id);
    EXPECT_FALSE(explained.empty());
    EXPECT_EQ(explained, ids_of_the_code());
}

TEST(Catalog, HasInEveryEntryASubjectATextAndTheManual) {
    for (const auto& [id, text] : entries_of_the_catalog()) {
        EXPECT_TRUE(text.starts_with("Subject: ")) << id;
        for (const char* header :
             {"\nDefined-By: provisor\n", "\nSupport: ", "\nDocumentation: man:provisor(8)\n\n"})
            EXPECT_NE(text.find(header), std::string::npos) << id << " lacks" << header;
        EXPECT_GT(text.size(), text.find("\n\n") + 100) << id << " explains nothing";
    }
}

TEST(Catalog, NamesOnlyFieldsThatEntriesCarry) {
    const std::set<std::string> carried{
        "PROVISOR_COMPONENT",   "PROVISOR_REASON",           "PROVISOR_URL",
        "PROVISOR_SHA256",      "PROVISOR_PREVIOUS_SHA256",  "PROVISOR_VERSION",
        "PROVISOR_PASS",        "PROVISOR_PREVIOUS_VERSION", "PROVISOR_HTTP_STATUS",
        "PROVISOR_UNIT_ACTION", "PROVISOR_UNIT_RESULT",      "PROVISOR_ERROR_KIND",
        "PROVISOR_FILE",        "OBJECT_SYSTEMD_UNIT"};
    const std::string catalog = read_text(PROVISOR_CATALOG);
    const std::regex field("@([A-Z0-9_]+)@");
    for (std::sregex_iterator at(catalog.begin(), catalog.end(), field), end; at != end; ++at)
        EXPECT_TRUE(carried.contains((*at)[1])) << (*at)[1];
}

/// What a command writes, both streams.
std::string output_of(const std::string& command, int& status) {
    std::string text;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr)
        return text;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        text.append(buffer, got);
    status = ::pclose(pipe);
    return text;
}

TEST(Catalog, IsReadBySystemdWithoutComplaint) {
    const test::TemporaryFolder root;
    const fs::path folder = root / "usr/lib/systemd/catalog";
    fs::create_directories(folder);
    fs::create_directories(root / "var/lib/systemd/catalog");
    fs::copy_file(PROVISOR_CATALOG, folder / "provisor.catalog");
    int status = -1;
    const std::string complaints = output_of(
        fmt::format("journalctl --root='{}' --update-catalog", root.path().string()), status);
    ASSERT_EQ(status, 0) << complaints;
    EXPECT_EQ(complaints, "");
    for (const std::string& id : ids_of_the_code()) {
        const std::string listed = output_of(
            fmt::format("journalctl --root='{}' --dump-catalog {}", root.path().string(), id),
            status);
        EXPECT_EQ(status, 0) << id;
        EXPECT_NE(listed.find("Defined-By: provisor"), std::string::npos) << id << ": " << listed;
    }
}

} // namespace
} // namespace provisor
