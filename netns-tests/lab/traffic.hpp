// What the people behind the router notice: a client that asks a host on the internet something every two
// milliseconds, and one with a TCP connection that had better stay.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "netns-tests/lab/capture.hpp"
#include "netns-tests/lab/network.hpp"
#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/ip.hpp"

namespace lab {

struct Endpoint {
    vrrpd::IpAddress address;
    std::uint16_t port = 7;
};

// A thread that ends with the object; `step` is called until then and must not block for long.
class Worker {
public:
    Worker() = default;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() { stop(); }

    template <class Step>
    void start(Step step) {
        thread_ = std::thread([this, step] {
            while (!ending_) step();
        });
    }
    void stop();

private:
    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

// Answers UDP datagrams and TCP connections with what they said. Remembers who asked.
class EchoServer {
public:
    // At that address: an answer from a wildcard socket would leave with the address of the way out.
    EchoServer(const Host& host, const Endpoint& at);

    // The addresses that UDP questions came from, in order of their first question.
    [[nodiscard]] std::vector<vrrpd::IpAddress> askers() const;

private:
    void step();
    void answer_datagrams();
    void answer_streams();

    vrrpd::Fd udp_, listener_;
    std::vector<vrrpd::Fd> streams_;
    mutable std::mutex mutex_;
    std::vector<vrrpd::IpAddress> askers_;
    Worker worker_;
};

// One datagram from a fixed port, and what comes back to it within the limit.
[[nodiscard]] std::optional<vrrpd::Bytes> ask_once(const Host& client, std::uint16_t source_port,
                                                   const Endpoint& server, vrrpd::BytesView question,
                                                   std::chrono::milliseconds limit = std::chrono::milliseconds(500));

// Asks every two milliseconds. A reply's time is the kernel's.
class Pinger {
public:
    static constexpr std::chrono::milliseconds period{2};

    Pinger(const Host& client, const Endpoint& server);

    [[nodiscard]] bool answered_since(Time time) const;
    bool await_answer(std::chrono::milliseconds limit = std::chrono::seconds(10)) const;
    // The longest time without a reply between `from` and now, silence that still lasts included.
    [[nodiscard]] std::chrono::nanoseconds longest_silence(Time from) const;
    // Questions of the period that never got an answer; those of the last 50 ms do not count yet.
    [[nodiscard]] std::size_t unanswered(Time from) const;

private:
    void step();
    void collect();

    vrrpd::Fd socket_;
    mutable std::mutex mutex_;
    std::vector<Time> asked_;
    std::vector<bool> answered_;
    std::vector<Time> replies_;
    Worker worker_;
};

// One TCP connection that is used all the time: every 10 ms a few bytes go and come back.
class Conversation {
public:
    Conversation(const Host& client, const Endpoint& server);

    [[nodiscard]] bool connected() const { return connected_; }
    // Everything that was said from now on comes back within `limit`.
    bool goes_on(std::chrono::milliseconds limit = std::chrono::seconds(10)) const;
    [[nodiscard]] bool broken() const { return broken_; }

private:
    void step();

    vrrpd::Fd socket_;
    bool connected_ = false;
    std::atomic<bool> broken_ = false;
    std::atomic<std::uint64_t> said_ = 0;
    std::atomic<std::uint64_t> heard_ = 0;
    Worker worker_;
};

// The other way: the server sends all the time, and from the client come acknowledgements alone.
class Download {
public:
    Download(const Host& client, const Host& server, const Endpoint& at);

    [[nodiscard]] bool connected() const { return connected_; }
    void say_something() const;  // one octet of the client's
    // What the server says after this call reaches the client within `limit`.
    bool goes_on(std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

private:
    void send_more();
    void read_more();

    vrrpd::Fd listener_, sender_, reader_;
    bool connected_ = false;
    std::atomic<std::uint64_t> said_ = 0;
    std::atomic<std::uint64_t> heard_ = 0;
    Worker server_, client_;
};

// Connects, says a word and waits for it to come back: does a fresh connection work at all?
[[nodiscard]] bool tcp_works(const Host& client, const Endpoint& server,
                             std::chrono::milliseconds limit = std::chrono::seconds(2));

// Sends ready-made frames from one of a host's devices: forged and broken packets.
class Injector {
public:
    Injector(const Host& host, const std::string& device);
    // false: a filter on this host's way out dropped it.
    bool send(vrrpd::BytesView frame) const;

private:
    vrrpd::Fd socket_;
};

}  // namespace lab
