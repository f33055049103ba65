// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/pass/signatures_test.cpp, tests/unit/pass/revoked_test.cpp
#pragma once

#include "install/sanity.hpp"
#include "model/agent_config.hpp"
#include "model/paths.hpp"
#include "pass/pass.hpp"
#include "pass/trust.hpp"
#include "pass/work.hpp"
#include "store/cache.hpp"
#include "trust/minisign.hpp"

#include <optional>
#include <set>
#include <string>

namespace provisor {

/// What must hold of an artifact's bytes before anything is made of them, and what is in them.
class Verifier {
public:
    Verifier(Cache& cache, const AgentConfig& config, const Paths& paths, Trust& trust,
             const Surroundings& around, std::string machine)
        : cache_(cache), config_(config), paths_(paths), trust_(trust), around_(around),
          machine_(std::move(machine)) {}

    /// Throws Error of kind config when the component's manifest names a key that is not in force.
    void require_keys(const Component& component);
    /// The keys in force that may have made this signature of the component. Throws Error of kind
    /// signature when one did that may not.
    KeyRing keys_for(const Component& component, const Signature& signature);
    /// Takes over from a signature that was found good, and is over what `url` names, who made it
    /// and when. Throws Error of kind signature when its trusted comment says that it is of another
    /// file, or older than what was accepted before.
    static void note_signature(Work& work, const Signature& signature, const std::string& url);

    /// What this pass may put in place: an interpreter among it counts as installed.
    void expect_targets(const std::vector<Work>& works);

    /// Throws unless the bytes behind `fd`, which hash to `sha256`, are what the component wants:
    /// no error page and a program that this machine can start (as far as it is installed as it
    /// is), of the pinned digest, signed by a trusted key. Sets Work::signed_by and signed_at.
    void check(Work& work, int fd, std::uint64_t size, const std::string& sha256);

    /// The part of it about Work::sha512 and Work::signature, if they are there. The bytes are read
    /// only when is_proven() says no.
    void check_proofs(Work& work, int fd, const std::string& sha256);
    /// Whether the artifact has no other digest and signature to verify, or they were found right
    /// before, the signature by a key that is still trusted. Throws Error of kind signature when
    /// its key is not.
    bool is_proven(const Work& work, const std::string& sha256);
    /// Whether content with this digest has the SHA-512 digest that is wanted, as far as is known
    /// or can be seen in the cache.
    bool is_of_sha512(const Work& work, const std::string& sha256);

    /// The contents of an artifact if nothing has to be unpacked to know them.
    std::optional<Contents> known_contents(const Work& work, const std::string& sha256) const;
    /// The same; what is not known is unpacked into the cache from the bytes behind `fd`, and each
    /// member looked at like an artifact that is installed as it is. Throws Error of kind unpack,
    /// size or sanity that names the member.
    Contents unpack_contents(Work& work, int fd, const std::string& sha256);

    /// What comes from the cache was looked at for whoever it came for, who may have wanted no
    /// program, or another member: throws Error of kind sanity, which names the path, unless what
    /// is to be a program can be one. What is one already is not looked at again.
    void check_programs(const Work& work, const std::string& sha256,
                        const Contents& contents) const;

private:
    /// What is installed as a program can be one; see sanity.hpp and interpreter.hpp.
    void require_sanity(int fd, std::uint64_t size, bool program, Vouched vouched) const;
    bool is_packed(const Component& component, int fd) const;
    void check_signature(Work& work, int fd, const std::string& sha256);
    void check_sha512(const Work& work, int fd, const std::string& sha256);
    /// `text` is that of the signature, over content with this digest.
    std::string proof_of(const Component& component, const Signature& signature,
                         const std::string& text, const std::string& sha256);

    Cache& cache_;
    const AgentConfig& config_;
    const Paths& paths_;
    Trust& trust_;
    const Surroundings& around_;
    std::string machine_;
    std::set<std::string> arriving_;
};

} // namespace provisor
