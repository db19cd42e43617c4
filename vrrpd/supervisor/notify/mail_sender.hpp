// Hands one letter to a mail server: looks its name up, connects, talks. Waits, so it is for a child process of its
// own (Mailer's).
#pragma once

#include <cstdint>
#include <string>

#include "vrrpd/base/time.hpp"
#include "vrrpd/supervisor/notify/smtp_dialogue.hpp"

namespace vrrpd::supervisor {

struct MailServer {
    std::string host;  // an address or a name
    std::uint16_t port = 0;
    Duration patience{0};  // for the connection, and for each answer
};

struct Delivery {
    SmtpDialogue::Outcome outcome = SmtpDialogue::Outcome::failed;
    std::string problem;  // as SmtpDialogue's, the server named
};
[[nodiscard]] Delivery deliver(const MailServer& server, Letter letter);
// This host's name as others know it, looked up; as keepalived calls itself.
[[nodiscard]] std::string full_host_name();

}  // namespace vrrpd::supervisor
