// SPDX-License-Identifier: Apache-2.0
// What a component is made of: texts and their placeholders, where it comes from, what it installs.
#include "model/component_decoder.hpp"

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "model/capabilities.hpp"
#include "model/found_version.hpp"
#include "model/nearest.hpp"
#include "model/syntax.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

/// All texts of a manifest together, once their placeholders are filled in, in bytes.
constexpr std::size_t expanded_limit = manifest_size_limit;

} // namespace

std::optional<std::string> ComponentDecoder::expand_at(const YamlNode& node, std::string_view text,
                                                       std::string_view what, Escape escape,
                                                       RunTime run_time) {
    if (manifest_.expanded > expanded_limit)
        return std::nullopt; // told already
    Expansion expansion = expand(text, values_, escape, run_time);
    manifest_.expanded += expansion.text.size();
    if (expansion.too_long) {
        decoder_.complain(node, fmt::format("{}: longer than {} KiB once the placeholders are "
                                            "filled in",
                                            what, longest_expansion / 1024));
        return std::nullopt;
    }
    if (manifest_.expanded > expanded_limit) {
        decoder_.complain(node, fmt::format("the manifest is larger than {} MiB once the "
                                            "placeholders are filled in",
                                            expanded_limit >> 20U));
        return std::nullopt;
    }
    if (expansion.unknown.empty())
        return std::move(expansion.text);
    decoder_.complain(node,
                      fmt::format("{}: unknown placeholder {{{}}}{}", what,
                                  printable(expansion.unknown, 80), hint_for(expansion.unknown)));
    return std::nullopt;
}

/// What could have been meant in place of an unknown placeholder.
std::string ComponentDecoder::hint_for(std::string_view unknown) const {
    if (unknown == "version")
        return ": this component has no 'version'";
    if (unknown == "staged" || unknown == "path")
        return ": it is known only in commands";
    std::vector<std::string_view> known;
    for (const auto& [name, value] : values_)
        known.push_back(name);
    if (const auto near = nearest(unknown, known))
        return fmt::format(", did you mean {{{}}}?", *near);
    std::string list;
    for (const std::string_view name : known)
        if (list.size() < 200)
            list += fmt::format("{}{{{}}}", list.empty() ? "" : ", ", printable(name, 40));
    return "; known here are " + list;
}

std::optional<std::string> ComponentDecoder::read_expanded(const YamlNode& node,
                                                           std::string_view what, Escape escape,
                                                           Fault find_fault) {
    const std::optional<std::string> text = decoder_.read_text(node, what);
    std::optional<std::string> expanded =
        text ? expand_at(node, *text, what, escape, RunTime::refuse) : std::nullopt;
    if (!expanded || find_fault == nullptr)
        return expanded;
    if (const auto fault = find_fault(*expanded)) {
        decoder_.complain(node, fmt::format("{}: {}", what, *fault));
        return std::nullopt;
    }
    return expanded;
}

std::vector<std::string> ComponentDecoder::read_command(const YamlNode& node,
                                                        std::string_view what) {
    std::vector<std::string> command;
    if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
        decoder_.complain(node,
                          fmt::format("{}: a list of program and arguments is expected", what));
        return command;
    }
    for (const YamlNode& item : node.items)
        if (const auto text = decoder_.read_text(item, what))
            put(command.emplace_back(), expand_at(item, *text, what, Escape::none, RunTime::keep));
    // An empty one is also what could not be read, and was complained about.
    const std::string program = command.empty() ? "" : command.front();
    const bool left_out = program.empty() && node.items.front().kind == YamlNode::Kind::scalar &&
                          node.items.front().text.empty();
    if (left_out || (!program.empty() && !program.starts_with('/') && !program.starts_with('{')))
        decoder_.complain(
            node.items.front(),
            fmt::format("{}: the program must be an absolute path, {{staged}} or {{path}}", what));
    return command;
}

void ComponentDecoder::learn_placeholders(const YamlNode& body) {
    values_["name"] = {component_.name};
    values_.erase("version");
    values_.erase("url");
    // A version may be made of vars; a fault in it is told where it is read.
    if (const YamlNode* version = body.find("version");
        version != nullptr && version->kind == YamlNode::Kind::scalar)
        values_["version"] = {expand(version->text, values_, Escape::none, RunTime::refuse).text};
    if (const YamlNode* url = body.find("url");
        url != nullptr && url->kind == YamlNode::Kind::scalar)
        values_["url"] = {expand(url->text, values_, Escape::url, RunTime::refuse).text, true};
}

Component ComponentDecoder::read(const YamlNode& name, const YamlNode& body) {
    component_.name = name.text;
    component_.place = decoder_.place_of(name);
    if (const auto fault = find_name_fault(name.text)) {
        decoder_.complain(name, *fault);
        return component_;
    }
    learn_placeholders(body);
    std::vector<Decoder::Field> fields = origin_fields();
    for (const std::vector<Decoder::Field>& more : {target_fields(), policy_fields()})
        fields.insert(fields.end(), more.begin(), more.end());
    const std::size_t before = decoder_.error_count();
    decoder_.read_map(body, fmt::format("component '{}'", component_.name), fields);
    // What is missing is worth telling only when nothing is wrong with what is there.
    if (decoder_.error_count() == before)
        check_whole(name, body);
    return std::move(component_);
}

std::vector<Decoder::Field> ComponentDecoder::origin_fields() {
    return {
        {"version",
         [this](const YamlNode& node) {
             put(component_.version,
                 read_expanded(node, "version", Escape::none, [](std::string_view version) {
                     return is_version_label(version)
                                ? std::nullopt
                                : std::optional<std::string>(
                                      "1 to 128 printable characters are expected");
                 }));
         }},
        {"url",
         [this](const YamlNode& node) {
             // {url} stands for this very text and cannot be part of it.
             const auto self = values_.extract("url");
             put(component_.url, read_expanded(node, "url", Escape::url, find_url_fault));
             values_["url"] = {component_.url, true};
         }},
        {"mirrors",
         [this](const YamlNode& node) {
             if (node.kind != YamlNode::Kind::sequence) {
                 decoder_.complain(node, "mirrors: a list of URLs is expected");
                 return;
             }
             for (const YamlNode& item : node.items)
                 if (auto url = read_expanded(item, "mirrors", Escape::url, find_url_fault))
                     component_.mirrors.push_back(std::move(*url));
         }},
        {"sha256",
         [this](const YamlNode& node) { read_digest(node, "sha256", 64, component_.sha256); }},
        {"sha512",
         [this](const YamlNode& node) { read_digest(node, "sha512", 128, component_.sha512); }},
        {"checksums",
         [this](const YamlNode& node) {
             put(component_.checksums,
                 read_expanded(node, "checksums", Escape::url, find_url_fault));
         }},
        // The name of it while there was nothing but SHA-256.
        {"sha256sums",
         [this](const YamlNode& node) {
             if (!component_.checksums.empty())
                 decoder_.complain(node, "sha256sums: is another name of 'checksums', which is "
                                         "there already");
             put(component_.checksums,
                 read_expanded(node, "sha256sums", Escape::url, find_url_fault));
         }},
        {"checksums_name",
         [this](const YamlNode& node) {
             put(component_.checksums_name,
                 read_expanded(node, "checksums_name", Escape::none, [](std::string_view name) {
                     return name.empty() || name.size() > 4096
                                ? std::optional<std::string>(
                                      "the name of the file in the checksums file is expected")
                                : std::nullopt;
                 }));
         }},
        {"signature", [this](const YamlNode& node) { read_signature(node); }},
        {"auth", [this](const YamlNode& node) { read_auth(node); }},
        {"format",
         [this](const YamlNode& node) {
             put(component_.format, decoder_.read_word<Format>(node, "format",
                                                               {{"auto", Format::automatic},
                                                                {"raw", Format::raw},
                                                                {"gzip", Format::gzip},
                                                                {"zstd", Format::zstd},
                                                                {"xz", Format::xz},
                                                                {"bzip2", Format::bzip2},
                                                                {"tar", Format::tar},
                                                                {"zip", Format::zip}}));
         }},
    };
}

void ComponentDecoder::read_digest(const YamlNode& node, std::string_view key, std::size_t digits,
                                   std::string& place) {
    const auto text = read_expanded(node, key, Escape::none, nullptr);
    if (!text)
        return;
    // As people copy it: in upper case, or with the name of the algorithm before it.
    std::string digest = lower_case(*text);
    if (digest.starts_with(std::string(key) + ":"))
        digest.erase(0, key.size() + 1);
    if (digest.size() == digits && is_lower_hex(digest)) {
        place = digest;
        return;
    }
    const std::string_view other = !is_lower_hex(digest)  ? ""
                                   : digest.size() == 64  ? "sha256"
                                   : digest.size() == 128 ? "sha512"
                                                          : "";
    decoder_.complain(
        node, fmt::format("{}: '{}' is not a digest; {} hex digits are expected{}", key,
                          printable(*text, 140), digits,
                          other.empty() ? "" : fmt::format(", and this one is a '{}'", other)));
}

std::vector<Decoder::Field> ComponentDecoder::file_fields(FileSpec& file) {
    const auto account = [this](std::string& place, const char* what) {
        return [this, &place, what](const YamlNode& node) {
            put(place, read_expanded(node, what, Escape::none, find_account_fault));
        };
    };
    return {
        {"path",
         [this, &file](const YamlNode& node) {
             put(file.path, read_expanded(node, "path", Escape::none, find_path_fault));
             mention(node, file.path);
         }},
        {"mode",
         [this, &file](const YamlNode& node) {
             const auto mode = node.kind == YamlNode::Kind::scalar && node.quoted
                                   ? parse_mode(node.text)
                                   : std::nullopt;
             // 0755 without quotes is 493 to one YAML reader and 755 to the next.
             if (!mode)
                 decoder_.complain(
                     node,
                     "mode: three or four octal digits in quotes are expected, like \"0755\"");
             put(file.mode, mode);
         }},
        {"owner", account(file.owner, "owner")},
        {"group", account(file.group, "group")},
        {"capabilities",
         [this, &file](const YamlNode& node) {
             if (const auto text =
                     read_expanded(node, "capabilities", Escape::none, find_capabilities_fault))
                 file.capabilities = normal_capabilities(*text);
         }},
    };
}

void ComponentDecoder::read_files(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
        decoder_.complain(node, "files: a list of mappings with 'path' is expected");
        return;
    }
    for (const YamlNode& item : node.items) {
        FileSpec file;
        std::vector<Decoder::Field> fields = file_fields(file);
        fields.emplace_back("from", [&](const YamlNode& value) {
            put(file.from, read_expanded(value, "from", Escape::none, [](std::string_view from) {
                    return from.empty() ? std::optional<std::string>(
                                              "a member's name or pattern is expected")
                                        : std::nullopt;
                }));
        });
        const std::size_t before = decoder_.error_count();
        decoder_.read_map(item, "files", fields);
        if (file.path.empty() && decoder_.error_count() == before)
            decoder_.complain(item, "files: 'path' is missing");
        component_.files.push_back(std::move(file));
    }
}

std::vector<Decoder::Field> ComponentDecoder::target_fields() {
    std::vector<Decoder::Field> fields{
        {"files", [this](const YamlNode& node) { read_files(node); }},
        {"units", [this](const YamlNode& node) { read_units(node); }},
    };
    // The short form for one raw file.
    for (Decoder::Field& field : file_fields(short_form_))
        fields.emplace_back(field.first,
                            [this, read = std::move(field.second)](const YamlNode& node) {
                                short_form_used_ = true;
                                read(node);
                            });
    return fields;
}

} // namespace provisor
