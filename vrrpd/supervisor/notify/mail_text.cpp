#include "vrrpd/supervisor/notify/mail_text.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace vrrpd::supervisor {

namespace {

using ipc::Notice;

std::string_view state(Notice::Event event) {
    return event == Notice::Event::master ? "MASTER" : event == Notice::Event::backup ? "BACKUP" : "FAULT";
}

std::string body(const Notice& notice) {
    if (notice.object == Notice::Object::group)
        return fmt::format("=> All VRRP group instances are now in {} state <=", state(notice.event));
    return notice.event == Notice::Event::master ? "=> VRRP Instance is now owning VRRP VIPs <="
                                                 : "=> VRRP Instance is no longer owning VRRP VIPs <=";
}

// Nothing that is written in a file begins a header of its own.
std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; }, ' ');
    return text;
}

std::string in_local_time(WallTime at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch());
    return fmt::format("{:%a, %d %b %Y %H:%M:%S %z}", fmt::localtime(static_cast<std::time_t>(seconds.count())));
}

}  // namespace

bool is_worth_a_letter(Notice::Event event) { return event <= Notice::Event::fault; }

std::string bare_address(const std::string& text) {
    const auto open = text.rfind('<');
    const auto close = text.find('>', open == text.npos ? 0 : open);
    if (open == text.npos || close == text.npos || close == open + 1) return one_line(text);
    return one_line(text.substr(open + 1, close - open - 1));
}

Letter write_letter(const config::Mail& mail, const MailOrigin& origin, const Notice& notice, WallTime at) {
    const auto from = mail.from.empty() ? origin.user + '@' + origin.host : mail.from;
    Letter letter;
    letter.helo = one_line(mail.helo.empty() ? origin.host : mail.helo);
    letter.from = bare_address(from);
    std::string everybody;
    for (const auto& recipient : mail.to) {
        letter.to.push_back(bare_address(recipient));
        everybody += (everybody.empty() ? "" : ", ") + recipient;
    }
    letter.text = fmt::format(
        "Date: {}\r\nFrom: {}\r\nSubject: [{}] VRRP {} {} - Entering {} state\r\nX-Mailer: Keepalived\r\nTo: {}\r\n\r\n"
        "{}\r\n\r\n",
        in_local_time(at), one_line(from), one_line(origin.router_id.empty() ? origin.host : origin.router_id),
        notice.object == Notice::Object::group ? "Group" : "Instance", one_line(notice.name), state(notice.event),
        one_line(everybody), body(notice));
    return letter;
}

}  // namespace vrrpd::supervisor
