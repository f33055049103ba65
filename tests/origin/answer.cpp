// SPDX-License-Identifier: Apache-2.0
#include "origin/answer.hpp"

#include "origin/behavior.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <limits>

namespace provisor::test {
namespace {

constexpr std::size_t piece_size = 1 << 16;
constexpr std::chrono::milliseconds drip_pause(100);
constexpr auto for_ever = std::numeric_limits<std::uint64_t>::max();
constexpr std::string_view html = "<!DOCTYPE html>\n<html><head><title>Please log in</title></head>"
                                  "<body>Access to the network needs a login.</body></html>\n";

/// The query's word counts before the page's: it leads out of "redir=3" by "redir=2".
Behavior behavior_of(const std::optional<Page>& page, const Request& request) {
    Behavior behavior;
    behavior.add_query(request.query);
    behavior.add_query(page ? page->behavior : "");
    return behavior;
}

/// Weak comparison of any of the listed tags with ours (RFC 9110, 13.1.2).
bool lists(std::string_view if_none_match, std::string_view etag) {
    if (etag.starts_with("W/"))
        etag.remove_prefix(2);
    return !etag.empty() && if_none_match.find(etag) != std::string_view::npos;
}

/// So many seconds from now as an IMF-fixdate (RFC 9110, 5.6.7).
std::string date_in(const std::string& seconds) {
    const std::time_t then = std::time(nullptr) + std::stoll(seconds);
    std::tm parts{};
    std::array<char, 40> text{};
    ::gmtime_r(&then, &parts);
    return {text.data(),
            std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

class Answer {
public:
    Answer(Connection& connection, const std::optional<Page>& page, Exchange& exchange,
           const std::function<void()>& complete)
        : connection_(connection), page_(page.value_or(Page{})), exchange_(exchange),
          complete_(complete), behavior_(behavior_of(page, exchange.request)), missing_(!page) {}

    bool run() {
        const bool usable = send();
        complete();
        return usable;
    }

private:
    bool send();
    bool send_nothing();
    bool send_redirect();
    bool send_text(int status, const std::string& headers, std::string_view text);
    bool send_not_modified();
    bool send_page();
    std::optional<std::uint64_t> wanted_start(std::uint64_t whole) const;
    bool send_part(std::uint64_t start, std::uint64_t whole);
    bool wants_first_byte() const { return exchange_.request.header("range") == "bytes=0-0"; }
    bool send_first_byte(std::uint64_t whole);
    bool send_body(std::uint64_t size, std::uint64_t start = 0);
    bool send_piece(std::string_view piece);
    bool send_head(const std::string& head);
    std::string status_line(int status);
    std::string validators(const std::string& etag) const;
    std::string length_headers(std::uint64_t size) const;
    std::string odd_headers() const;
    std::string_view piece_at(std::uint64_t offset, std::uint64_t end) const;
    bool condition_holds() const;
    bool chunked() const;

    void complete() {
        if (!std::exchange(completed_, true))
            complete_();
    }

    Connection& connection_;
    Page page_;
    Exchange& exchange_;
    const std::function<void()>& complete_;
    Behavior behavior_;
    bool missing_;
    bool completed_ = false;
    std::string zeros_ = std::string(piece_size, '\0');
};

bool Answer::send() {
    if (!page_.raw.empty()) {
        complete();
        return connection_.send(page_.raw) && !behavior_.has("close");
    }
    if (behavior_.has("hang") || behavior_.has("reset") || behavior_.has("close0"))
        return send_nothing();
    const std::uint64_t hops = behavior_.number("redir", 0);
    if (hops > 0 || behavior_.has("redirto") || behavior_.has("loop"))
        return send_redirect();
    if (behavior_.has("status")) {
        const std::string retry = behavior_.has("retrydate") ? date_in(behavior_.text("retrydate"))
                                                             : behavior_.text("retry");
        return send_text(static_cast<int>(behavior_.number("status", 503)),
                         retry.empty() ? "" : "Retry-After: " + retry + "\r\n", html);
    }
    if (missing_)
        return send_text(404, "", "there is no such page\n");
    if (exchange_.request.method != "GET" && exchange_.request.method != "HEAD")
        return send_text(405, "", "only GET\n");
    if (behavior_.has("always304") || behavior_.has("spur304") ||
        (condition_holds() && !behavior_.has("no304")))
        return send_not_modified();
    return send_page();
}

bool Answer::send_nothing() {
    complete();
    if (behavior_.has("hang"))
        connection_.stay_silent();
    if (behavior_.has("reset"))
        connection_.reset();
    return false;
}

bool Answer::send_redirect() {
    const std::uint64_t hops = behavior_.number("redir", 0);
    std::string target = behavior_.text("redirto");
    if (behavior_.has("loop"))
        target = exchange_.request.path + "?loop";
    else if (hops > 0)
        target = exchange_.request.path + "?redir=" + std::to_string(hops - 1) +
                 "&code=" + std::to_string(behavior_.number("code", 302));
    return send_text(static_cast<int>(behavior_.number("code", 302)),
                     "Location: " + target + "\r\nETag: \"of-the-redirect\"\r\n", "elsewhere\n");
}

bool Answer::send_text(int status, const std::string& headers, std::string_view text) {
    const bool head_only = exchange_.request.method == "HEAD" || status == 204 || status == 304;
    const bool endless = behavior_.has("endless");
    std::string head = status_line(status) + headers + "Content-Type: text/html\r\n";
    if (endless)
        head += "Connection: close\r\n";
    else if (status != 204)
        head += "Content-Length: " + std::to_string(text.size()) + "\r\n";
    if (!send_head(head + "\r\n"))
        return false;
    if (head_only)
        return true;
    if (endless)
        return send_body(for_ever) && false;
    exchange_.body_bytes = text.size();
    complete();
    return connection_.send(text);
}

bool Answer::send_not_modified() {
    const std::string other = behavior_.text("etag304");
    const std::string head =
        status_line(304) + validators(other.empty() ? page_.etag : other) + "\r\n";
    complete();
    return send_head(head);
}

bool Answer::condition_holds() const {
    const std::string tags = exchange_.request.header("if-none-match");
    if (!tags.empty())
        return lists(tags, page_.etag);
    const std::string date = exchange_.request.header("if-modified-since");
    return !date.empty() && date == page_.last_modified;
}

bool Answer::chunked() const {
    for (const char* name : {"chunked", "trailer", "endlesschunk", "chunkcut", "badchunk", "clte"})
        if (behavior_.has(name))
            return true;
    return false;
}

std::string Answer::status_line(int status) {
    exchange_.status = status;
    const char* version = behavior_.has("http10") ? "HTTP/1.0 " : "HTTP/1.1 ";
    return version + std::to_string(status) + " Test\r\n";
}

std::string Answer::validators(const std::string& etag) const {
    static std::atomic<unsigned> counter = 0;
    std::string headers;
    if (behavior_.text("etag") == "perreq")
        exchange_.etag = "\"" + std::to_string(++counter) + "\"";
    else
        exchange_.etag = etag;
    if (!exchange_.etag.empty())
        headers += "ETag: " + exchange_.etag + "\r\n";
    if (!page_.last_modified.empty())
        headers += "Last-Modified: " + page_.last_modified + "\r\n";
    return headers;
}

std::string Answer::length_headers(std::uint64_t size) const {
    const auto length = [](const std::string& text) { return "Content-Length: " + text + "\r\n"; };
    std::string headers;
    if (behavior_.has("cl"))
        return length(behavior_.text("cl"));
    if (behavior_.has("dupcl"))
        return length(std::to_string(size)) + length(std::to_string(size / 2));
    if (behavior_.has("samecl"))
        return length(std::to_string(size)) + length(std::to_string(size));
    if (behavior_.has("big"))
        return length(std::to_string(behavior_.number("big", for_ever)));
    if (chunked())
        return (behavior_.has("clte") ? length(std::to_string(size)) : "") +
               "Transfer-Encoding: chunked\r\n";
    if (behavior_.has("nolen") || behavior_.has("http10") || behavior_.has("endless"))
        return "Connection: close\r\n";
    return length(std::to_string(size));
}

std::string Answer::odd_headers() const {
    std::string headers = page_.headers;
    if (behavior_.has("enc"))
        headers += "Content-Encoding: " + behavior_.text("enc") + "\r\n";
    if (behavior_.has("nulhdr"))
        headers += std::string("X-Odd: a\0b\r\n", 12);
    if (behavior_.has("ctlhdr"))
        headers += "X-Odd: a\x1b[31mb\r\n";
    for (std::uint64_t left = behavior_.number("hugehdr", 0); left > 0;
         left -= std::min<std::uint64_t>(left, 8192))
        headers += "X-Huge: " + std::string(8192, 'x') + "\r\n";
    for (std::uint64_t left = behavior_.number("manyhdr", 0); left > 0; --left)
        headers += "X-Many: x\r\n";
    return headers;
}

bool Answer::send_head(const std::string& head) {
    if (behavior_.has("slowhdr"))
        return connection_.drip(head, drip_pause);
    return connection_.send(head);
}

bool Answer::send_page() {
    if (behavior_.has("html"))
        page_.content = std::make_shared<const std::string>(html);
    if (behavior_.has("empty"))
        page_.content = std::make_shared<const std::string>();
    const std::uint64_t whole = page_.content->size() * page_.repeat;
    if (const auto start = wanted_start(whole);
        start && wants_first_byte() && behavior_.text("range").empty())
        return send_first_byte(whole);
    else if (start)
        return send_part(*start, whole);
    const bool endless =
        behavior_.has("endless") || behavior_.has("endlesschunk") || behavior_.has("big");
    if (behavior_.has("early") &&
        !connection_.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nETag: \"early\"\r\n\r\n"))
        return false;
    std::string head = status_line(200);
    if (behavior_.has("badstatus"))
        head = "HTTP/1.1 two-hundred\r\n";
    head += validators(page_.etag) + odd_headers() + length_headers(whole) +
            "Content-Type: application/octet-stream\r\n\r\n";
    if (!behavior_.has("http09") && !send_head(head))
        return false;
    if (exchange_.request.method == "HEAD")
        return true;
    if (!send_body(endless ? for_ever : whole))
        return false;
    for (const char* ends : {"nolen", "http10", "http09", "close", "cl", "dupcl", "clte"})
        if (behavior_.has(ends))
            return false;
    return true;
}

std::string_view Answer::piece_at(std::uint64_t offset, std::uint64_t end) const {
    if (end == for_ever || page_.content->empty())
        return zeros_;
    const std::uint64_t start = offset % page_.content->size();
    const std::uint64_t size =
        std::min<std::uint64_t>({piece_size, page_.content->size() - start, end - offset});
    return std::string_view(*page_.content).substr(start, size);
}

bool Answer::send_piece(std::string_view piece) {
    if (behavior_.has("drip"))
        return connection_.drip(piece, drip_pause);
    if (behavior_.has("slow"))
        return connection_.drip(piece, drip_pause,
                                std::max<std::uint64_t>(1, behavior_.number("slow", 0) / 10));
    if (!chunked())
        return connection_.send(piece);
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string size;
    for (std::size_t rest = piece.size(); rest > 0; rest /= 16)
        size.insert(size.begin(), digits[rest % 16]);
    return connection_.send((behavior_.has("badchunk") ? "zz" : size) + "\r\n" +
                            std::string(piece) + "\r\n");
}

/// Where "Range: bytes=N-" wants the body to begin, when it is to be heeded (RFC 9110, 13.1.5).
std::optional<std::uint64_t> Answer::wanted_start(std::uint64_t whole) const {
    const std::string range = exchange_.request.header("range");
    const std::string if_range = exchange_.request.header("if-range");
    if (!range.starts_with("bytes=") || !(range.ends_with('-') || wants_first_byte()) ||
        behavior_.text("range") == "ignore" || (!if_range.empty() && if_range != page_.etag))
        return std::nullopt;
    const std::uint64_t start = std::stoull(range.substr(6));
    return start < whole ? std::optional(start) : std::nullopt;
}

bool Answer::send_part(std::uint64_t start, std::uint64_t whole) {
    const std::string how = behavior_.text("range");
    if (how == "416")
        return send_text(416, "Content-Range: bytes */" + std::to_string(whole) + "\r\n", "no\n");
    const std::uint64_t first = how == "wrong" ? start / 2 : start;
    const std::uint64_t told = how == "total" ? whole + 1 : whole;
    std::string head =
        status_line(206) + odd_headers() + validators(how == "newetag" ? "\"new\"" : page_.etag);
    if (how == "multi")
        head += "Content-Type: multipart/byteranges; boundary=x\r\n";
    else
        head += "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(told - 1) +
                "/" + std::to_string(told) + "\r\n";
    if (how == "nolength")
        head += "Connection: close\r\n";
    else if (chunked())
        head += "Transfer-Encoding: chunked\r\n";
    else
        head += "Content-Length: " + std::to_string(told - first) + "\r\n";
    if (!send_head(head + "\r\n"))
        return false;
    if (how == "shift")
        return send_body(whole - 1, start - 1);
    return send_body(whole, first) && how != "nolength" && how != "total";
}

bool Answer::send_first_byte(std::uint64_t whole) {
    const std::string head = status_line(206) + odd_headers() + validators(page_.etag) +
                             "Content-Range: bytes 0-0/" + std::to_string(whole) +
                             "\r\nContent-Length: 1\r\n\r\n";
    return send_head(head) && send_body(1);
}

bool Answer::send_body(std::uint64_t size, std::uint64_t start) {
    std::uint64_t end = size;
    for (const char* name : {"cut", "rst", "stall"})
        if (behavior_.has(name))
            end = std::min(end, behavior_.number(name, 0));
    for (std::uint64_t offset = start; offset < end;) {
        std::string_view piece = piece_at(offset, size);
        const std::uint64_t most = behavior_.has("drip") ? 1 : end - offset;
        piece = piece.substr(0, std::min<std::uint64_t>(piece.size(), most));
        offset += piece.size();
        if (offset == end) {
            exchange_.body_bytes = offset - start;
            complete();
        }
        if (!send_piece(piece))
            return false;
        exchange_.body_bytes = offset - start;
    }
    complete();
    if (behavior_.has("stall"))
        connection_.stay_silent();
    if (behavior_.has("rst"))
        connection_.reset();
    if (end < size || behavior_.has("chunkcut"))
        return false;
    if (behavior_.has("trailer"))
        return connection_.send("0\r\nETag: \"of-the-trailer\"\r\nContent-Length: 3\r\n\r\n");
    return !chunked() || connection_.send("0\r\n\r\n");
}

} // namespace

bool answer(Connection& connection, const std::optional<Page>& page, Exchange& exchange,
            const std::function<void()>& complete) {
    return Answer(connection, page, exchange, complete).run();
}

} // namespace provisor::test
