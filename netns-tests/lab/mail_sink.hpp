// A mail server for tests: takes letters and keeps every word that it was told, or behaves as badly as one can.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/ip.hpp"

namespace lab {

class MailSink {
public:
    enum class Manner {
        polite,
        wordy,    // each answer has several lines
        silent,   // says nothing, ever
        closing,  // closes at once
        garbage,  // speaks another protocol
        endless,  // its greeting does not end
        busy,     // 451 to each letter
        strict,   // 550 to each recipient whose address does not end in example.org
    };

    // Of the network namespace that the caller is in, IPv4. Port 0: any.
    [[nodiscard]] static vrrpd::Fd listen(const vrrpd::IpAddress& address, std::uint16_t port);
    explicit MailSink(vrrpd::Fd listener, Manner manner = Manner::polite);
    MailSink(const MailSink&) = delete;
    MailSink& operator=(const MailSink&) = delete;
    ~MailSink();

    [[nodiscard]] std::uint16_t port() const;
    void behave(Manner manner) { manner_ = manner; }
    // What was said in each conversation that had a letter in it, from HELO to QUIT.
    [[nodiscard]] std::vector<std::string> letters() const;
    [[nodiscard]] std::size_t connections() const { return connections_; }

private:
    void run();
    void serve(const vrrpd::Fd& client);
    [[nodiscard]] std::string answer(const std::string& line, bool letter) const;
    [[nodiscard]] bool pours(const vrrpd::Fd& client) const;

    vrrpd::Fd listener_;
    std::atomic<Manner> manner_;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::size_t> connections_ = 0;
    mutable std::mutex mutex_;
    std::vector<std::string> letters_;
    std::thread thread_;  // last: it uses all the others
};

}  // namespace lab
