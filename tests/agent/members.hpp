// Members of a peer link on 127.x addresses, all on one loop; and callers made by hand, which do what no member
// would. For peer_link_test and hostile_peer_test.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/agent/peer/peer_link.hpp"

namespace vrrpd::agent::test {

// One loop, the others' PeerLinks on it, and their deadlines.
class Stage {
public:
    Stage();
    // Until `done`; false: not within `limit`.
    [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(5));
    void run(Duration time);

    Loop loop;
    std::vector<PeerLink*> links;
};

struct RecordingLog : Log {
    void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
    [[nodiscard]] long count(std::string_view part) const;  // lines with this part
    std::vector<std::string> lines;
};

[[nodiscard]] Key key(char digit = '5');
// A port and members ("H001" 127.x.x.1, "H002" .2 ...) that no other test program has at the same time.
[[nodiscard]] config::PeerLink configuration(std::size_t members);

// A PeerLink and what it told its owner.
class Member {
public:
    Member(Stage& stage, config::PeerLink configuration, PeerId self, Key key_ = test::key());
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    ~Member();

    [[nodiscard]] bool connected(PeerId peer) const { return hellos.contains(peer); }

    RecordingLog log;
    std::map<PeerId, Hello> hellos;  // the first of each of the connected
    std::vector<Ending> losses;
    struct Payload {
        PeerId from;
        FrameType type;
        Bytes bytes;
        bool operator==(const Payload&) const = default;
    };
    std::vector<Payload> payloads;
    std::size_t octets = 0;  // of payload
    std::function<void(PeerId)> on_connected = [](PeerId) {};
    std::unique_ptr<PeerLink> link;

private:
    Stage& stage_;
};

// A TCP connection by hand: what it gets is counted, what it sends is remembered.
class Caller {
public:
    // From one member's address to another's port.
    Caller(Loop& loop, const config::PeerLink& configuration, const IpAddress& from, PeerId to);
    void put(BytesView octets);
    void stop_reading() { watch_ = {}; }
    void read_again();

    Bytes got, sent;
    bool closed = false;
    std::function<void(BytesView)> on_octets = [](BytesView) {};

private:
    void flush();

    Loop& loop_;
    Fd socket_;
    Loop::Watch watch_;
    Bytes waiting_;
};

// A caller that has the key, and says what it is told to say.
class HandMade {
public:
    HandMade(Stage& stage, const config::PeerLink& configuration, PeerId self, PeerId to);
    [[nodiscard]] bool secured() const { return session_.secured(); }
    void say(const Frame& frame);
    void say_octets(BytesView plaintext);
    void say_hello();
    // Octets of no session, after what was said before.
    void inject(BytesView octets) { caller.put(octets); }

    Caller caller;
    Bytes heard;  // plaintext

private:
    void push();

    TlsContext context_;
    TlsSession session_;
    std::string name_;
};

}  // namespace vrrpd::agent::test
