#include "tests/agent/members.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace vrrpd::agent::test {

namespace {
constexpr Duration glance = std::chrono::milliseconds(2);  // how often a condition is looked at
}

Stage::Stage() {
    loop.before_wait([this] {
        Deadline due = boot_now() + glance;
        for (const auto* const link : links) due = earlier(due, link->next_deadline());
        loop.set_deadline(due);
    });
}

bool Stage::run_until(const std::function<bool()>& done, Duration limit) {
    const auto end = boot_now() + limit;
    loop.on_deadline([&] {
        for (auto* const link : links) link->time_reached();
        if (done() || loop.now() >= end) loop.stop();
    });
    loop.run();
    return done();
}

void Stage::run(Duration time) {
    (void)run_until([] { return false; }, time);
}

long RecordingLog::count(std::string_view part) const {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

Key key(char digit) { return *Key::parse(std::string(64, digit)); }

config::PeerLink configuration(std::size_t members) {
    const auto pid = static_cast<unsigned>(getpid());
    config::PeerLink result;
    result.port = static_cast<std::uint16_t>(10'000 + pid % 20'000);
    for (std::size_t i = 1; i <= members; ++i) {
        const auto address = IpAddress::v4(127, static_cast<std::uint8_t>(1 + pid % 250),
                                           static_cast<std::uint8_t>(pid / 250 % 250), static_cast<std::uint8_t>(i));
        result.members.push_back({"H00" + std::to_string(i), address});
    }
    return result;
}

Member::Member(Stage& stage, config::PeerLink configuration, PeerId self, Key key_) : stage_(stage) {
    PeerHandlers handlers;
    handlers.connected = [this](PeerId peer, const Hello& hello) {
        EXPECT_TRUE(hellos.emplace(peer, hello).second);
        on_connected(peer);
    };
    handlers.lost = [this](PeerId peer, Ending why) {
        EXPECT_EQ(hellos.erase(peer), 1U);
        losses.push_back(why);
    };
    handlers.received = [this](PeerId peer, const Frame& frame) {
        octets += frame.payload.size();
        if (frame.payload.size() < 100)
            payloads.push_back({peer, frame.type, {frame.payload.begin(), frame.payload.end()}});
    };
    configuration.self = self;
    static std::uint32_t counter = 1;
    link = std::make_unique<PeerLink>(
        stage.loop, log,
        PeerLink::Setup{std::move(configuration), std::move(key_), "0.1.0", [] { return counter += 0x9e3779b9; }},
        std::move(handlers));
    stage_.links.push_back(link.get());
}

Member::~Member() { std::erase(stage_.links, link.get()); }

Caller::Caller(Loop& loop, const config::PeerLink& configuration, const IpAddress& from, PeerId to) : loop_(loop) {
    auto socket = dial(from, {configuration.members[to].address, configuration.port});
    EXPECT_TRUE(socket);
    socket_ = std::move(*socket);
    read_again();
}

void Caller::read_again() {
    watch_ = loop_.on_readable(socket_.get(), [this] {
        std::array<std::uint8_t, 65536> piece;
        const auto count = recv(socket_.get(), piece.data(), piece.size(), 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            closed = true;
            watch_ = {};
            return;
        }
        const BytesView octets(piece.data(), static_cast<std::size_t>(count));
        got.insert(got.end(), octets.begin(), octets.end());
        on_octets(octets);
    });
}

void Caller::put(BytesView octets) {
    waiting_.insert(waiting_.end(), octets.begin(), octets.end());
    flush();
}

void Caller::flush() {
    while (!waiting_.empty() && !closed) {
        const auto count = ::send(socket_.get(), waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
        if (count < 0) {
            if (errno == EAGAIN) watch_.when_writable([this] { flush(); });
            return;
        }
        sent.insert(sent.end(), waiting_.begin(), waiting_.begin() + count);
        waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    }
}

HandMade::HandMade(Stage& stage, const config::PeerLink& configuration, PeerId self, PeerId to)
    : caller(stage.loop, configuration, configuration.members[self].address, to),
      context_(key()),
      session_(context_, TlsSession::Side::client,
               configuration.members[self].name + '\0' + configuration.members[to].name),
      name_(configuration.members[self].name) {
    caller.on_octets = [this](BytesView octets) {
        EXPECT_TRUE(session_.receive(octets, heard)) << session_.failure();
        push();
    };
    push();
    EXPECT_TRUE(stage.run_until([this] { return secured(); }));
}

void HandMade::push() {
    Bytes bytes;
    session_.take_output(bytes);
    caller.put(bytes);
}

void HandMade::say(const Frame& frame) {
    Bytes plaintext;
    append_frame(plaintext, frame);
    say_octets(plaintext);
}

void HandMade::say_octets(BytesView plaintext) {
    session_.send(plaintext);
    push();
}

void HandMade::say_hello() { say({hello_type, encode({77, name_, "9.9", proto::Role::backup, {}}, WallTime{})}); }

}  // namespace vrrpd::agent::test
