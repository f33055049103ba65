// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/sha256.hpp"
#include "transfer/body_file.hpp"
#include "transfer/transfer.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace provisor {

/// One request on its way, on the agent's side: here the bytes are counted, limited, hashed and
/// written, whatever provisor-fetch says about them.
class Arrival {
public:
    Arrival(std::uint32_t id, TransferRequest request, Progress& progress);

    /// The frame that asks for it. The clock of the request starts here.
    std::string ask();
    /// Takes the next frame with its id. Returns false when the request has just failed for a
    /// reason of ours, so that provisor-fetch need not go on with it. Throws Error of kind io for a
    /// frame that cannot come here.
    bool take(const Frame& frame);
    /// Fails it if its result is not known yet.
    void fail(const Error& error);

    /// Lets what has come of a body be kept, because no more may be taken. Says nothing of
    /// failures: the part is then lost, and no more.
    void keep_part() noexcept { static_cast<void>(kept_part()); }

    /// After the end of the process that was asked: makes it ready to be asked again, with what has
    /// come as a part that is there, if it can be continued. Returns false when its result is known
    /// already.
    bool reopen();
    /// The failure of this request, if a process died of it, or had to be ended.
    Error blamed(const Error& error) const;

    enum class Stage { head, body, over };
    /// What is waited for; `over` when it has a result.
    Stage stage() const { return over_ ? Stage::over : sha_ ? Stage::body : Stage::head; }
    /// Whether its last frame has come. The result may be known before.
    bool closed() const { return closed_; }
    TransferResult take_result() { return std::move(result_); }

private:
    template <typename Action>
    bool attempt(Action&& action);
    std::optional<BodyPart> kept_part() noexcept;
    void take_head(const FetchHead& head);
    bool continues_part(const FetchHead& head) const;
    void take_data(std::string_view bytes);
    void begin_body(const FetchHead& head);
    BodyFile file_for_body();
    void checkpoint();
    void take_end();
    void take_failure(const FetchFailure& failure);
    void finish();
    std::string shown() const;

    std::uint32_t id_;
    TransferRequest request_;
    Progress* progress_;
    std::chrono::steady_clock::time_point begun_;
    std::optional<std::uint64_t> declared_; ///< length of the whole body
    ContentCoding coding_ = ContentCoding::identity;
    std::uint64_t size_ = 0;      ///< of what is in the file
    std::uint64_t next_part_ = 0; ///< size at which the part is kept again
    std::optional<Sha256> sha_;   ///< while a body comes in
    BodyFile file_;
    TransferResult result_;
    bool has_head_ = false;
    bool over_ = false;
    bool closed_ = false;
};

} // namespace provisor
