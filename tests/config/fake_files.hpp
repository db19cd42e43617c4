// A file system in a map, and a parser for texts in tests of vrrpd/config.
#pragma once

#include <fnmatch.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {

class FakeFiles final : public FileSource {
public:
    std::map<std::string, std::string> files, variables;
    std::set<std::string> open_to_others;

    std::vector<std::string> glob(const std::string& pattern, const std::string& directory) override {
        const auto whole = directory == "." || pattern.rfind("/", 0) == 0 ? pattern : directory + "/" + pattern;
        std::vector<std::string> paths;
        for (const auto& [path, text] : files) {
            if (::fnmatch(whole.c_str(), path.c_str(), FNM_PATHNAME) == 0) paths.push_back(path);
        }
        return paths;
    }
    Result<std::string> read(const std::string& path) override {
        const auto found = files.find(path);
        if (found == files.end() || found->second == "(directory)")
            return fail(0, path + " is a directory, not a file");
        return found->second;
    }
    Result<KeyFile> read_key(const std::string& path) override {
        const auto text = read(path);
        if (!text) return tl::unexpected(text.error());
        return KeyFile{*text, open_to_others.contains(path)};
    }
    std::optional<std::string> environment(const std::string& name) override {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    }
};

inline Loaded load_text(const std::string& text, const std::string& id = "H003") {
    FakeFiles files;
    files.files["vrrpd.conf"] = text;
    LoadOptions options;
    options.id = id;
    return load(options, files);
}

// "a b / c": words by blanks, lines by " / ".
inline std::string joined(const std::vector<Line>& lines) {
    std::string text;
    for (const auto& line : lines) {
        if (!text.empty()) text += " / ";
        for (std::size_t i = 0; i < line.words.size(); ++i) text += (i > 0 ? " " : "") + line.words[i].text;
    }
    return text;
}

// Loaded and parsed, the faults of both.
inline Parsed parse_text(const std::string& text, const std::string& id = "H003") {
    auto loaded = load_text(text, id);
    auto parsed = parse(loaded.lines, id);
    parsed.faults.insert(parsed.faults.begin(), loaded.faults.begin(), loaded.faults.end());
    return parsed;
}

// The body of one valid instance (v2, eth0) with `more` in it.
inline Parsed parse_instance(const std::string& more, const std::string& globals = "") {
    return parse_text("global_defs {\n" + globals + "\n}\nvrrp_instance V {\ninterface eth0\nvirtual_router_id 7\n" +
                      more + "\nvirtual_ipaddress {\n10.0.0.1/24\n}\n}\n");
}

// Every fault that a verdict has, described: no notes and no warnings.
inline std::vector<std::string> errors(const std::vector<Fault>& faults) {
    std::vector<std::string> texts;
    for (const auto& fault : faults) {
        const bool is_verdict = fault.severity != Severity::note && fault.severity != Severity::warning;
        if (is_verdict) texts.push_back(fault.describe());
    }
    return texts;
}

inline bool says(const std::vector<Fault>& faults, std::string_view part) {
    for (const auto& fault : faults) {
        if (fault.describe().find(part) != std::string::npos) return true;
    }
    return false;
}

}  // namespace vrrpd::config
