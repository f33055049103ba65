// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/bad_manifests_test.cpp
// Who must have signed a component.
#include "base/text.hpp"
#include "model/component_decoder.hpp"
#include "model/syntax.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr std::size_t id_digits = 16;

bool is_key_id(std::string_view text) {
    return text.size() == id_digits && std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isxdigit(c) != 0;
           });
}

/// What is wrong with the name of a key: the name of a file of minisign's, or an id.
std::optional<std::string> find_key_name_fault(std::string_view name) {
    const std::string shown = printable(name, 80);
    if (name.find('/') != std::string_view::npos)
        return fmt::format("'{}' is not a name in keys.d: it has a slash", shown);
    for (const std::string_view later : {".asc", ".gpg", ".sigstore"})
        if (name.ends_with(later))
            return fmt::format("'{}' is not a key of minisign (*.pub), and other kinds are not "
                               "supported",
                               shown);
    if (is_key_id(name) ||
        (name.ends_with(".pub") && name.size() > std::string_view(".pub").size()))
        return std::nullopt;
    return fmt::format(
        "'{}' is neither the name of a file in keys.d, like vendor.pub, nor a key id "
        "of 16 hex digits",
        shown);
}

std::string normalised(std::string name) {
    if (is_key_id(name))
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name;
}

} // namespace

void ComponentDecoder::read_signature_keys(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
        decoder_.complain(node, "keys: a list of names in keys.d is expected, like [ vendor.pub ]");
        return;
    }
    std::vector<std::string>& keys = component_.signature.keys;
    for (const YamlNode& item : node.items) {
        auto name = read_expanded(item, "keys", Escape::none, find_key_name_fault);
        if (!name)
            continue;
        name = normalised(std::move(*name));
        if (std::find(keys.begin(), keys.end(), *name) != keys.end())
            decoder_.complain(item, fmt::format("keys: '{}' is there twice", *name));
        else
            keys.push_back(std::move(*name));
    }
}

void ComponentDecoder::read_signature(const YamlNode& node) {
    SignatureSpec& signature = component_.signature;
    if (node.kind != YamlNode::Kind::map) {
        put(signature.url, read_expanded(node, "signature", Escape::url, find_url_fault));
        return;
    }
    const std::size_t before = decoder_.error_count();
    decoder_.read_map(
        node, "signature",
        {{"url",
          [&](const YamlNode& value) {
              put(signature.url, read_expanded(value, "url", Escape::url, find_url_fault));
          }},
         {"keys", [&](const YamlNode& value) { read_signature_keys(value); }},
         {"over", [&](const YamlNode& value) {
              put(signature.over,
                  decoder_.read_word<SignatureOver>(value, "over",
                                                    {{"auto", SignatureOver::automatic},
                                                     {"artifact", SignatureOver::artifact},
                                                     {"sums", SignatureOver::sums}}));
          }}});
    if (signature.url.empty() && decoder_.error_count() == before)
        decoder_.complain(node, "signature: 'url' is missing");
}

} // namespace provisor
