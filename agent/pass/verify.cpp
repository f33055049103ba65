// SPDX-License-Identifier: Apache-2.0
#include "pass/verify.hpp"

#include "base/sha256.hpp"
#include "install/interpreter.hpp"
#include "model/shown_url.hpp"
#include "model/trusted_comment.hpp"
#include "transfer/unpack.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

bool is_program(mode_t mode) { return (mode & 0111) != 0; }

bool names_members(const Component& component) {
    return std::any_of(component.files.begin(), component.files.end(),
                       [](const FileSpec& file) { return !file.from.empty(); });
}

std::string head_of(int fd) {
    std::string head(sanity_head_size, '\0');
    const ssize_t got = ::pread(fd, head.data(), head.size(), 0);
    if (got < 0)
        throw system_error(errno, "read the received content");
    head.resize(static_cast<std::size_t>(got));
    return head;
}

std::uint64_t size_of(int fd) {
    struct stat facts {};
    if (::fstat(fd, &facts) != 0)
        throw system_error(errno, "look at the cached content");
    return static_cast<std::uint64_t>(facts.st_size);
}

/// Who says what the digest has to be.
std::string pin_source(const Component& component) {
    return component.checksums.empty() ? "the manifest pins"
                                       : fmt::format("'{}' says", shown_url(component.checksums));
}

/// What is remembered once it was computed.
std::string sha512_proof(const std::string& sha256, const std::string& sha512) {
    return "sha512 " + sha256 + " " + sha512;
}

/// What a component's files are called in the artifact, each once.
std::vector<std::string> patterns_of(const Component& component) {
    std::vector<std::string> patterns;
    for (const FileSpec& file : component.files)
        if (std::find(patterns.begin(), patterns.end(), file.from) == patterns.end())
            patterns.push_back(file.from);
    return patterns;
}

/// Stands for everything that decides what comes out of an artifact.
std::string selection_of(const Component& component) {
    std::string selection = std::to_string(static_cast<int>(component.format));
    for (const std::string& pattern : patterns_of(component))
        selection += '\0' + pattern;
    return selection;
}

/// Takes the unfinished files away, whatever happens.
class Members {
public:
    Members(Cache& cache, std::size_t count) : cache_(cache), count_(count) {}
    Members(const Members&) = delete;
    Members& operator=(const Members&) = delete;
    ~Members() { cache_.unfinished().discard_members(count_); }

private:
    Cache& cache_;
    std::size_t count_;
};

} // namespace

bool Verifier::is_packed(const Component& component, int fd) const {
    if (component.format != Format::automatic)
        return component.format != Format::raw;
    return names_members(component) || looks_packed(head_of(fd));
}

void Verifier::expect_targets(const std::vector<Work>& works) {
    for (const Work& work : works)
        if (work.component->state == WantedState::present)
            for (const FileSpec& file : work.component->files)
                arriving_.insert(file.path);
}

void Verifier::require_sanity(int fd, std::uint64_t size, bool program, Vouched vouched) const {
    check_sanity({head_of(fd), size}, program ? Executable::yes : Executable::no, machine_,
                 vouched);
    if (program)
        check_interpreter(fd, size, arriving_, paths_);
}

void Verifier::check(Work& work, int fd, std::uint64_t size, const std::string& sha256) {
    const Component& component = *work.component;
    try {
        if (!work.pin.empty() && sha256 != work.pin)
            throw Error(ErrorKind::digest,
                        fmt::format("the origin sent content with sha256 {}, {} {}", sha256,
                                    pin_source(component), work.pin));
        check_proofs(work, fd, sha256);
    } catch (const Error&) {
        // An error page in its place should be called one.
        check_page({head_of(fd), size});
        throw;
    }
    const bool program = !is_packed(component, fd) &&
                         std::any_of(component.files.begin(), component.files.end(),
                                     [](const FileSpec& file) { return is_program(file.mode); });
    const bool vouched = work.is_pinned() || !work.signature.empty();
    require_sanity(fd, size, program, vouched ? Vouched::yes : Vouched::no);
}

void Verifier::require_keys(const Component& component) {
    if (component.signature.keys.empty())
        return;
    if (const auto fault = find_key_fault(component, trust_.keys()))
        throw Error(ErrorKind::config, *fault);
}

KeyRing Verifier::keys_for(const Component& component, const Signature& signature) {
    const KeyRing& all = trust_.ring();
    KeyRing ring;
    const PublicKey* refused = nullptr;
    for (const PublicKey& key : all.keys) {
        if (key.id != signature.key_id)
            continue;
        if (may_sign(component, key_in_force(key)))
            ring.keys.push_back(key);
        else
            refused = &key;
    }
    if (!ring.keys.empty())
        return ring;
    if (refused == nullptr)
        return all; // in which it is not found, and is told so
    throw Error(ErrorKind::signature,
                fmt::format("'{}' is signed by {} ({}), which may not sign '{}'", signature.source,
                            refused->id, key_in_force(*refused).file, component.name));
}

void Verifier::note_signature(Work& work, const Signature& signature, const std::string& url) {
    const TrustedComment comment = parse_trusted_comment(signature.trusted_comment);
    if (const auto fault =
            find_comment_fault(comment, url, *work.component, work.record.latest_signature))
        throw Error(ErrorKind::signature, fmt::format("'{}' {}", signature.source, *fault));
    work.signed_by = signature.key_id;
    work.signed_at = comment.signed_at;
}

/// What was found right once is not computed again, for that means to read the whole artifact. All
/// that it depends on is in its name, so that a key that was taken away or replaced, and other keys
/// in the manifest, are missed.
std::string Verifier::proof_of(const Component& component, const Signature& signature,
                               const std::string& text, const std::string& sha256) {
    const KeyRing ring = keys_for(component, signature);
    const PublicKey& key = find_key(signature, ring);
    std::string rule = "minisign " + std::to_string(static_cast<int>(component.signature.over));
    for (const std::string& name : component.signature.keys)
        rule += " " + name;
    return fmt::format(
        "{} {} {} {}", sha256, sha256_of(text),
        sha256_of({reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()}), rule);
}

bool Verifier::is_proven(const Work& work, const std::string& sha256) {
    if (!work.sha512.empty() && !cache_.is_verified(sha512_proof(sha256, work.sha512)))
        return false;
    if (work.signature.empty())
        return true;
    const Component& component = *work.component;
    const Signature signature = parse_signature(work.signature, shown_url(component.signature.url));
    return cache_.is_verified(proof_of(component, signature, work.signature, sha256));
}

bool Verifier::is_of_sha512(const Work& work, const std::string& sha256) {
    if (cache_.is_verified(sha512_proof(sha256, work.sha512)))
        return true;
    const std::optional<Fd> blob = cache_.open_blob(sha256);
    if (!blob ||
        sha512_of_fd(blob->get(), around_.interrupt, "read the cached content") != work.sha512)
        return false;
    cache_.remember_verified(sha512_proof(sha256, work.sha512));
    return true;
}

void Verifier::check_sha512(const Work& work, int fd, const std::string& sha256) {
    if (work.sha512.empty() || cache_.is_verified(sha512_proof(sha256, work.sha512)))
        return;
    const std::string found = sha512_of_fd(fd, around_.interrupt, "read the received content");
    if (found != work.sha512)
        throw Error(ErrorKind::digest,
                    fmt::format("the origin sent content with sha512 {}, {} {}", found,
                                pin_source(*work.component), work.sha512));
    cache_.remember_verified(sha512_proof(sha256, work.sha512));
}

void Verifier::check_proofs(Work& work, int fd, const std::string& sha256) {
    check_sha512(work, fd, sha256);
    check_signature(work, fd, sha256);
}

void Verifier::check_signature(Work& work, int fd, const std::string& sha256) {
    if (work.signature.empty())
        return;
    const Component& component = *work.component;
    const Signature signature = parse_signature(work.signature, shown_url(component.signature.url));
    const std::string proof = proof_of(component, signature, work.signature, sha256);
    if (!cache_.is_verified(proof)) {
        verify_signature(signature, keys_for(component, signature), fd, around_.interrupt,
                         shown_url(component.url));
        cache_.remember_verified(proof);
    }
    note_signature(work, signature, component.url);
}

std::optional<Contents> Verifier::known_contents(const Work& work,
                                                 const std::string& sha256) const {
    const Component& component = *work.component;
    if (component.format == Format::raw)
        return Contents{};
    const bool may_be_plain = component.format == Format::automatic && !names_members(component);
    // Looked at once and installed as it is, so it is no archive, and its bytes need not be looked
    // at again: what most components of most passes come to.
    if (const auto& installed = work.observed.installed;
        may_be_plain && !work.record.raw && installed && installed->artifact == sha256 &&
        !component.files.empty()) {
        const InstalledFile* file = installed->find(component.files.front().path);
        if (file != nullptr && file->sha256 == sha256)
            return Contents{};
    }
    if (auto contents =
            cache_.unpacked().find(sha256, selection_of(component), patterns_of(component)))
        return contents;
    if (!may_be_plain)
        return std::nullopt;
    const std::optional<Fd> blob = cache_.open_blob(sha256);
    if (blob && !is_packed(component, blob->get()))
        return Contents{};
    return std::nullopt;
}

Contents Verifier::unpack_contents(Work& work, int fd, const std::string& sha256) {
    const Component& component = *work.component;
    if (!is_packed(component, fd))
        return {};
    if (auto known =
            cache_.unpacked().find(sha256, selection_of(component), patterns_of(component));
        known && std::all_of(known->begin(), known->end(), [&](const auto& member) {
            return cache_.verify_blob(member.second, around_.interrupt);
        })) {
        check_programs(work, sha256, *known);
        return std::move(*known);
    }
    const std::vector<std::string> patterns = patterns_of(component);
    UnpackRequest request;
    request.artifact = fd;
    request.format = component.format;
    request.patterns = patterns;
    request.max_size = config_.limits.artifact_size;
    request.open_member = [this](std::size_t index) {
        cache_.unfinished().require_room(config_.limits.min_free, 0);
        return cache_.unfinished().begin_member(index);
    };
    request.check_room = [this](std::uint64_t wanted) {
        return cache_.unfinished().require_room(config_.limits.min_free, wanted);
    };
    around_.progress.set_stage(fmt::format("unpacking {}", component.name));
    const Members unfinished(cache_, patterns.size());
    const std::vector<UnpackedMember> members =
        unpack(around_.unpack_program, request, around_.interrupt);
    Contents contents;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const UnpackedMember& member = members[i];
        const bool program =
            std::any_of(component.files.begin(), component.files.end(), [&](const FileSpec& file) {
                return file.from == patterns[i] && is_program(file.mode);
            });
        with_context(fmt::format("member '{}'", member.name), [&] {
            require_sanity(member.file.get(), member.size, program, Vouched::yes);
        });
        cache_.keep_member(i, member.file.get(), member.sha256);
        contents[patterns[i]] = member.sha256;
    }
    cache_.unpacked().remember(sha256, selection_of(component), contents);
    return contents;
}

void Verifier::check_programs(const Work& work, const std::string& sha256,
                              const Contents& contents) const {
    const std::optional<Marker>& installed = work.observed.installed;
    for (const FileSpec& file : work.component->files) {
        if (!is_program(file.mode))
            continue;
        const std::string& content = contents.empty() ? sha256 : contents.at(file.from);
        const InstalledFile* before = installed ? installed->find(file.path) : nullptr;
        if (before != nullptr && before->sha256 == content && is_program(before->mode))
            continue;
        // Without a blob nothing is put in place: what is there already is recorded as it is.
        if (const std::optional<Fd> blob = cache_.open_blob(content))
            with_context(file.path, [&] {
                require_sanity(blob->get(), size_of(blob->get()), true, Vouched::yes);
            });
    }
}

} // namespace provisor
