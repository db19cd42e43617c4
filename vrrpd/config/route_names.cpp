// Names of routing tables, protocols, scopes, realms and TOS values, as iproute2's files give them:
// their numbers take their place when the text is loaded, so that whoever parses the lines later asks no file. A name
// that no file knows stays, and is for the parser to refuse.
#include "vrrpd/config/route_names.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "vrrpd/config/text.hpp"
#include "vrrpd/config/values.hpp"

namespace vrrpd::config {

namespace {

// The words that a name may stand behind, and the file that has it.
struct Kind {
    std::string_view word;
    std::string_view file;
    bool in_routes, in_rules;
};
constexpr std::array kinds = {
    Kind{"table", "rt_tables", true, true},     Kind{"lookup", "rt_tables", false, true},
    Kind{"protocol", "rt_protos", true, false}, Kind{"scope", "rt_scopes", true, false},
    Kind{"realms", "rt_realms", true, true},    Kind{"tos", "rt_dsfield", true, true},
    Kind{"dsfield", "rt_dsfield", true, true},
};

// The host's own before the distribution's.
constexpr std::array folders = {"/etc/iproute2/", "/usr/share/iproute2/", "/usr/lib/iproute2/"};

using Names = std::map<std::string, std::string, std::less<>>;

// "254 main", "0x10 lowdelay"; the first that has a name counts.
void add_names(std::string_view text, Names& into) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trim(text.substr(0, std::min(text.find('#'), end)));
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto blank = line.find_first_of(" \t");
        const auto number = parse_c_integer(line.substr(0, blank));
        if (blank == std::string_view::npos || !number || *number < 0) continue;
        auto name = trim(line.substr(blank));
        name = name.substr(0, name.find_first_of(" \t"));
        into.try_emplace(std::string(name), std::to_string(*number));
    }
}

class Namer {
public:
    explicit Namer(FileSource& files) : files_(files) {}

    void name(Line& line, bool is_route) {
        for (std::size_t i = 0; i + 1 < line.words.size(); ++i) {
            const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) {
                return k.word == line.words[i].text && (is_route ? k.in_routes : k.in_rules);
            });
            if (kind != kinds.end()) replace(line.words[i + 1].text, kind->file);
        }
    }

private:
    // realms has two: FROM/TO.
    void replace(std::string& text, std::string_view file) {
        const auto slash = file == "rt_realms" ? text.find('/') : std::string::npos;
        auto result = number_of(text.substr(0, slash), file);
        if (slash != std::string::npos) result += "/" + number_of(text.substr(slash + 1), file);
        text = std::move(result);
    }

    std::string number_of(const std::string& name, std::string_view file) {
        if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return name;
        const auto& names = names_of(file);
        const auto found = names.find(name);
        return found == names.end() ? name : found->second;
    }

    const Names& names_of(std::string_view file) {
        const auto [known, is_new] = known_.try_emplace(std::string(file));
        if (!is_new) return known->second;
        for (const std::string folder : folders) {
            const auto path = folder + known->first;
            auto paths = files_.glob(path + ".d/*.conf", ".");
            paths.insert(paths.begin(), path);
            for (const auto& one : paths)
                if (const auto text = files_.read(one)) add_names(*text, known->second);
        }
        return known->second;
    }

    FileSource& files_;
    std::map<std::string, Names, std::less<>> known_;  // by file
};

}  // namespace

void read_route_names(Loaded& loaded, FileSource& files) {
    enum class Items { none, routes, rules };
    auto next = Items::none, inside = Items::none;
    Namer namer(files);
    for (auto& line : loaded.lines) {
        const auto& word = line.words[0].text;
        if (is_brace(line, "{")) {
            inside = std::exchange(next, Items::none);
        } else if (is_brace(line, "}")) {
            inside = Items::none;
        } else if (inside != Items::none) {
            namer.name(line, inside == Items::routes);
        } else {
            const bool routes = word == "virtual_routes" || word == "static_routes";
            const bool rules = word == "virtual_rules" || word == "static_rules";
            next = routes ? Items::routes : rules ? Items::rules : Items::none;
        }
    }
}

}  // namespace vrrpd::config
