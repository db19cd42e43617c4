#include "vrrpd/supervisor/notify/unit_faults.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace vrrpd::supervisor {

namespace {

config::Position place_of_unit(const std::string& name, const std::vector<config::Line>& lines) {
    const auto found = std::find_if(lines.begin(), lines.end(), [&](const config::Line& line) {
        return line.words.size() > 1 && line.words[0].text == "unit" &&
               (line.words[1].text == name || line.words[1].text + ".service" == name);
    });
    if (found == lines.end()) return {};
    auto place = found->at;
    place.column = found->words[1].column;
    return place;
}

// `systemctl enable` leaves links in folders named UNIT.wants and UNIT.requires. The link that has the unit started;
// empty: there is none.
std::string link_to(const std::string& unit, const std::vector<std::string>& folders) {
    for (const auto& folder : folders) {
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
            const auto kind = entry.path().extension();
            if (kind != ".wants" && kind != ".requires") continue;
            const auto link = entry.path() / unit;
            struct stat status {};
            if (lstat(link.c_str(), &status) == 0) return link;
        }
    }
    return {};
}

}  // namespace

std::vector<config::Fault> unit_faults(const config::Config& config, const std::vector<config::Line>& lines,
                                       const std::vector<std::string>& folders) {
    std::vector<config::Fault> faults;
    for (const auto& gateway : config.gateways) {
        for (const auto& unit : gateway.units) {
            const auto link = link_to(unit, folders);
            if (link.empty()) continue;
            faults.push_back({config::Severity::warning, place_of_unit(unit, lines),
                              fmt::format("while_active: {} is enabled, too ({}): it would run on a stand-in from boot "
                                          "on until vrrpd stops it; run: systemctl disable {}",
                                          unit, link, unit),
                              false});
        }
    }
    return faults;
}

std::vector<std::string> unit_folders() {
    return {"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
            "/lib/systemd/system"};
}

}  // namespace vrrpd::supervisor
