// authentication and auth_hmac of a vrrp_instance. No message here shows what may be a secret:
// not even a word that stands where one does not belong.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/handlers.hpp"

namespace vrrpd::config {

namespace {

constexpr std::size_t shortest_key = 32, longest_key = 64;
constexpr std::int64_t shortest_window = 5, longest_window = 300;

void set_auth_type(Reader& reader, const Statement& s) {
    auto& type = reader.instance().value.authentication.edit().type;
    if (s.word(1) == "PASS") {
        type = proto::AuthType::password;
    } else if (s.word(1) == "AH") {
        type = proto::AuthType::ah;
    } else {
        reader.fault(Severity::error, s.place(1), fmt::format("unknown auth_type '{}': write PASS or AH", s.word(1)));
    }
}

void set_auth_pass(Reader& reader, const Statement& s) {
    const auto& word = s.word(1);
    if (word.size() > proto::password_size)
        reader.fault(Severity::error, s.place(1), "auth_pass is longer than 8 characters: only the first 8 count");
    const auto size = std::min(word.size(), proto::password_size);
    reader.instance().value.authentication.edit().password =
        Secret(Bytes(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(size)));
}

std::optional<Bytes> from_hex(std::string_view digits) {
    const auto value = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    if (digits.size() % 2 != 0) return std::nullopt;
    Bytes octets;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const int high = value(digits[i]), low = value(digits[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        octets.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return octets;
}

// Text or hex:...; a file's content was put here when the text was loaded. What is wrong with it goes to `problem`.
Secret read_key(std::string_view word, std::string& problem) {
    constexpr std::string_view hex = "hex:";
    auto octets = word.starts_with(hex) ? from_hex(word.substr(hex.size())) : Bytes(word.begin(), word.end());
    if (!octets) {
        problem = "what follows hex: is not pairs of hexadecimal digits";
    } else if (octets->size() < shortest_key || octets->size() > longest_key) {
        problem = fmt::format("it has {} octets, and must have {} to {}", octets->size(), shortest_key, longest_key);
    }
    return octets ? Secret(std::move(*octets)) : Secret();
}

void add_key(Reader& reader, const Statement& s) {
    const auto id = parse_integer(s.word(1)).value_or(0);
    if (id < 1 || id > 255)
        return reader.fault(Severity::error, s.place(), "key: write key ID VALUE, ID from 1 to 255; it is left out");
    if (s.size() < 3) return reader.fault(Severity::error, s.place(), fmt::format("key {}: the value is missing", id));
    if (s.word(2).starts_with(key_file_prefix)) return;  // it could not be read, which was said
    auto& keys = reader.instance().value.authentication.edit().hmac.keys;
    if (std::any_of(keys.begin(), keys.end(), [id](const auto& other) { return other.id == id; }))
        return reader.fault(Severity::error, s.place(), fmt::format("key {} stands twice: the first one counts", id));
    std::string problem;
    auto key = read_key(s.word(2), problem);
    if (!problem.empty())
        return reader.fault(Severity::error, s.place(2), fmt::format("key {} is left out: {}", id, problem));
    keys.push_back({static_cast<std::uint8_t>(id), std::move(key)});
}

void set_active_key(Reader& reader, const Statement& s) {
    if (const auto id = reader.integer(s))
        reader.instance().value.authentication.edit().hmac.active_key = static_cast<std::uint8_t>(*id);
}

void set_window(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.instance().hmac_window = *value;
}

void set_anti_replay(Reader& reader, const Statement& s) {
    if (reader.choice(s)) reader.instance().value.authentication.edit().hmac.monotonic = s.word(1) == "monotonic";
}

void set_mode(Reader& reader, const Statement& s) {
    if (!reader.choice(s)) return;
    auto& mode = reader.instance().value.authentication.edit().hmac.mode;
    mode = s.word(1) == "enforce"      ? proto::HmacMode::enforce
           : s.word(1) == "permissive" ? proto::HmacMode::permissive
                                       : proto::HmacMode::receive_only;
}

constexpr Keyword authentication_table[] = {
    {"auth_type", 'A', Support::acted, Shape::word, set_auth_type},
    {"auth_pass", 'A', Support::acted, Shape::word, set_auth_pass},
};

constexpr Keyword auth_hmac_table[] = {
    {"key", 'B', Support::acted, Shape::word, add_key},
    usually("(mandatory)", {"active_key", 'B', Support::acted, Shape::integer, set_active_key, 1, 255}),
    usually("(3 x advert_int, 5 at least)",
            {"time_window", 'B', Support::acted, Shape::integer, set_window, 1, longest_window}),
    usually("time", {"anti_replay", 'C', Support::acted, Shape::choice, set_anti_replay, 0, 0, "time monotonic"}),
    usually("enforce", {"mode", 'B', Support::acted, Shape::choice, set_mode, 0, 0, "enforce permissive receive-only"}),
};

// Of an instance whose version and interval are known.
class Resolver {
public:
    Resolver(Reader& reader, InstanceDraft& draft) : reader_(reader), draft_(draft), instance_(draft.value) {}

    void run() {
        hmac();
        password();
        if (!instance_.authentication->wanted()) instance_.authentication = {};
    }

private:
    void report(Place place, std::string_view text) {
        reader_.fault(Severity::error, place, fmt::format("({}) {}", instance_.name, text));
    }

    void hmac() {
        if (!draft_.auth_hmac) return;
        auto& settings = instance_.authentication.edit().hmac;
        const auto& keys = settings.keys;
        const bool has_active =
            std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.id == settings.active_key; });
        const bool needs_active = settings.mode != proto::HmacMode::receive_only || settings.active_key != 0;
        if (keys.empty() || (needs_active && !has_active)) {
            report(*draft_.auth_hmac, keys.empty()
                                          ? "auth_hmac has no usable key: adverts are not signed or checked"
                                          : "auth_hmac has no key of the number that active_key names: adverts "
                                            "are not signed or checked");
            settings = {};
            return;
        }
        const auto interval = std::chrono::ceil<std::chrono::seconds>(3 * instance_.parameters.advert_interval).count();
        const auto usual = std::clamp<std::int64_t>(interval, shortest_window, longest_window);
        settings.window = std::chrono::seconds(draft_.hmac_window.value_or(usual));
    }

    void password() {
        if (!draft_.authentication) return;
        if (const auto ignored = why_ignored()) {
            auto& authentication = instance_.authentication.edit();
            authentication.type = proto::AuthType::none;
            authentication.password = {};
            reader_.fault(ignored->severity, *draft_.authentication,
                          fmt::format("({}) {}", instance_.name, ignored->why));
        } else if (instance_.authentication->type == proto::AuthType::ah && draft_.state_master == true) {
            report(*draft_.authentication, "state MASTER does not go with AH authentication: it is cleared");
        }
    }

    struct Ignored {
        std::string_view why;
        Severity severity = Severity::error;
    };
    // Why authentication is not acted on; none: it is.
    [[nodiscard]] std::optional<Ignored> why_ignored() {
        const auto& authentication = *instance_.authentication;
        if (instance_.parameters.version != proto::Version::v2)
            return Ignored{"version 3 has no authentication: it is ignored; auth_hmac signs version 3, too"};
        if (!authentication.hmac.keys.empty())
            return Ignored{"auth_hmac takes the place of authentication: it is ignored"};
        if (authentication.type == proto::AuthType::none) {
            say_without_type();
            return std::nullopt;
        }
        if (authentication.password.empty()) return Ignored{"authentication without auth_pass: it is ignored"};
        if (instance_.family == Family::ipv4) return std::nullopt;
        if (authentication.type == proto::AuthType::ah)
            return Ignored{"AH authentication cannot be used with IPv6: it is ignored; write version 3 and auth_hmac"};
        // VR-025. keepalived says nothing, and its process ends when it hears such an advert.
        return Ignored{"version 2 over IPv6 carries no password: it is ignored; write version 3 and auth_hmac",
                       Severity::warning};
    }

    // keepalived says nothing, and authenticates nothing.
    void say_without_type() {
        if (instance_.authentication->password.empty()) return;
        reader_.fault(
            Severity::note, *draft_.authentication,
            fmt::format("({}) auth_pass without auth_type is not used: write auth_type PASS", instance_.name));
    }

    Reader& reader_;
    InstanceDraft& draft_;
    Instance& instance_;
};

}  // namespace

void open_authentication(Reader& reader, const Statement& s) {
    reader.instance().authentication = s.place();
    reader.enter(s);
}

void open_auth_hmac(Reader& reader, const Statement& s) {
    reader.instance().auth_hmac = s.place();
    reader.enter(s);
}

void resolve_authentication(Reader& reader, InstanceDraft& draft) { Resolver(reader, draft).run(); }

std::span<const Keyword> authentication_keywords() { return authentication_table; }
std::span<const Keyword> auth_hmac_keywords() { return auth_hmac_table; }

}  // namespace vrrpd::config
