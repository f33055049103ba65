// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/trust/minisign_test.cpp
// The two text formats of minisign, and the folder of keys.
#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "trust/minisign.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t key_file_limit = 4096;
constexpr std::size_t comment_limit = 8192;
constexpr std::string_view untrusted = "untrusted comment:";
constexpr std::string_view trusted = "trusted comment: ";

[[noreturn]] void refuse_text(const std::string& source, const std::string& what) {
    throw Error(ErrorKind::signature, fmt::format("'{}' {}", source, what));
}

/// Lines without their ends; a last line end, and empty lines at the end, are no further lines.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        lines.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    while (!lines.empty() && lines.back().empty())
        lines.pop_back();
    return lines;
}

/// minisign shows the eight bytes as a little-endian number.
std::string show_id(std::string_view bytes) {
    std::string id;
    for (std::size_t i = bytes.size(); i-- > 0;)
        id += fmt::format("{:02X}", static_cast<unsigned char>(bytes[i]));
    return id;
}

template <std::size_t size>
void copy(std::array<unsigned char, size>& to, std::string_view from) {
    std::memcpy(to.data(), from.data(), size);
}

} // namespace

PublicKey parse_public_key(std::string_view text, const std::string& file) {
    std::vector<std::string_view> lines = lines_of(text);
    if (lines.size() == 2 && lines.front().starts_with(untrusted))
        lines.erase(lines.begin());
    const auto bytes = lines.size() == 1 ? decode_base64(lines.front()) : std::nullopt;
    if (!bytes || bytes->size() != 42 || !bytes->starts_with("Ed"))
        refuse_text(file, "is no public key of minisign (a comment and one line of base64)");
    PublicKey key;
    key.file = file;
    key.id = show_id(std::string_view(*bytes).substr(2, 8));
    copy(key.bytes, std::string_view(*bytes).substr(10));
    return key;
}

Signature parse_signature(std::string_view text, const std::string& source) {
    const std::vector<std::string_view> lines = lines_of(text);
    if (lines.size() != 4 || !lines[0].starts_with(untrusted) || !lines[2].starts_with(trusted))
        refuse_text(source, "is no signature of minisign (four lines: comment, signature, trusted "
                            "comment, signature)");
    Signature signature;
    signature.source = source;
    const auto first = decode_base64(lines[1]);
    const auto second = decode_base64(lines[3]);
    if (!first || first->size() != 74 || !second || second->size() != 64)
        refuse_text(source, "holds a signature that is cut or not base64");
    if (!first->starts_with("Ed") && !first->starts_with("ED"))
        refuse_text(source, "is signed by an algorithm that minisign does not have");
    signature.prehashed = first->starts_with("ED");
    signature.key_id = show_id(std::string_view(*first).substr(2, 8));
    copy(signature.bytes, std::string_view(*first).substr(10));
    copy(signature.global, *second);
    signature.trusted_comment = lines[2].substr(trusted.size());
    if (signature.trusted_comment.size() > comment_limit)
        refuse_text(source, "has a trusted comment of more than 8 KiB");
    return signature;
}

namespace {

/// Also of who is not root: others than root and we could put something else there.
void require_closed(const struct stat& facts, const fs::path& path) {
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
        (facts.st_uid != 0 && facts.st_uid != ::geteuid()))
        refuse_text(path.string(), "can be changed by others than root; `chown root` and `chmod "
                                   "go-w` it");
}

/// Absent when it is gone, or a link to /dev/null.
std::optional<PublicKey> read_key(const StrictDirectory& folder, const std::string& name) {
    const std::optional<StrictFile> opened = folder.open_file(name);
    if (!opened || opened->is_null)
        return std::nullopt;
    const fs::path file = folder.path() / name;
    const std::string what = fmt::format("read '{}'", file.string());
    struct stat facts {};
    if (::fstat(opened->fd.get(), &facts) != 0)
        throw system_error(errno, what);
    require_closed(facts, file);
    return parse_public_key(read_to_end(opened->fd.get(), key_file_limit, what), file.string());
}

std::string describe(const fs::path& path, const Error& error) {
    return error.kind() == ErrorKind::config ? fmt::format("'{}' {}", path.string(), error.what())
                                             : error.what();
}

} // namespace

KeyRing read_keys(const fs::path& folder, const FileRules& rules) {
    KeyRing ring;
    try {
        const auto directory = StrictDirectory::open(folder, rules);
        if (directory)
            require_closed(*directory->look("."), folder);
        for (const std::string& name :
             directory ? directory->names() : std::vector<std::string>()) {
            if (fs::path(name).extension() != ".pub")
                continue;
            try {
                if (auto key = read_key(*directory, name))
                    ring.keys.push_back(std::move(*key));
            } catch (const Error& error) {
                ring.problems.push_back(describe(folder / name, error));
            }
        }
    } catch (const Error& error) {
        ring.problems.push_back(describe(folder, error));
    }
    return ring;
}

} // namespace provisor
