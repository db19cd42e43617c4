// The letter that is written of a new state, word for word keepalived's. Pure but for the time zone.
#pragma once

#include <string>

#include "vrrpd/base/time.hpp"
#include "vrrpd/config/script_model.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/supervisor/notify/smtp_dialogue.hpp"

namespace vrrpd::supervisor {

// Who writes, where the configuration does not say so.
struct MailOrigin {
    std::string router_id;  // empty: the host's name
    std::string user, host;
};

// Of MASTER, BACKUP and FAULT alone there are letters.
[[nodiscard]] bool is_worth_a_letter(ipc::Notice::Event event);
[[nodiscard]] Letter write_letter(const config::Mail& mail, const MailOrigin& origin, const ipc::Notice& notice,
                                  WallTime at);
// "Ops <ops@example.org>" -> "ops@example.org".
[[nodiscard]] std::string bare_address(const std::string& text);

}  // namespace vrrpd::supervisor
