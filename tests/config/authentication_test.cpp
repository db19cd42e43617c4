// authentication and auth_hmac: what acts, what keepalived says of the rest, and that nothing secret is ever said.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/config/fake_files.hpp"

namespace vrrpd::config::authentication_test {
namespace {

using proto::AuthType;
using proto::HmacMode;
using namespace std::chrono_literals;

const proto::Authentication& of(const Parsed& parsed) { return *parsed.config.instances.at(0).authentication; }
std::string text(const Secret& secret) {
    const auto octets = secret.reveal();
    return {octets.begin(), octets.end()};
}

const std::string key32 = "0123456789abcdef0123456789abcdef";
const std::string one_key = "key 1 " + key32 + "\nactive_key 1\n";
Parsed with_hmac(const std::string& block, const std::string& more = "") {
    return parse_instance(more + "\nauth_hmac {\n" + block + "\n}");
}

TEST(Authentication, PASS_and_AH_act) {
    const auto pass = parse_instance("authentication {\nauth_type PASS\nauth_pass 1woodpec\n}");
    EXPECT_TRUE(pass.faults.empty());
    EXPECT_EQ(of(pass).type, AuthType::password);
    EXPECT_EQ(text(of(pass).password), "1woodpec");
    const auto ah = parse_instance("authentication {\nauth_type AH\nauth_pass \"a b\"\n}");
    EXPECT_TRUE(ah.faults.empty());
    EXPECT_EQ(of(ah).type, AuthType::ah);
    EXPECT_EQ(text(of(ah).password), "a b");
}

TEST(Authentication, VR_025_more_than_8_characters_are_cut_and_told) {
    const auto parsed = parse_instance("authentication {\nauth_type PASS\nauth_pass 123456789\n}");
    EXPECT_EQ(errors(parsed.faults).size(), 1U);
    EXPECT_TRUE(says(parsed.faults, "9:11: auth_pass is longer than 8 characters: only the first 8 count"));
    EXPECT_EQ(text(of(parsed).password), "12345678");
}

TEST(Authentication, what_keepalived_ignores_is_ignored_and_told) {
    struct Case {
        const char* block;
        const char* says;
    };
    for (const auto& [block, words] :
         {Case{"auth_type pass\nauth_pass 1", "unknown auth_type 'pass': write PASS or AH"},
          Case{"auth_type PASS", "(V) authentication without auth_pass: it is ignored"},
          Case{"auth_type AH", "(V) authentication without auth_pass: it is ignored"},
          Case{"auth_pass 1", "(V) auth_pass without auth_type is not used: write auth_type PASS"}}) {
        const auto parsed = parse_instance("authentication {\n" + std::string(block) + "\n}");
        EXPECT_TRUE(says(parsed.faults, words)) << block;
        EXPECT_FALSE(of(parsed).wanted()) << block;
        EXPECT_TRUE(parsed.can_start()) << block;
    }
    const auto v3 = parse_instance("version 3\nauthentication {\nauth_type PASS\nauth_pass 1\n}");
    EXPECT_TRUE(says(v3.faults, "version 3 has no authentication: it is ignored"));
    EXPECT_FALSE(of(v3).wanted());
    const auto master = parse_instance("state MASTER\npriority 100\nauthentication {\nauth_type AH\nauth_pass 1\n}");
    EXPECT_TRUE(says(master.faults, "state MASTER does not go with AH authentication"));
    EXPECT_EQ(of(master).type, AuthType::ah);
}

// As with keepalived: -t complains of AH alone.
TEST(Authentication, VR_025_version_2_over_IPv6_has_none_and_starts_without) {
    for (const std::string type : {"AH", "PASS"}) {
        const auto parsed = parse_text(
            "vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\nversion 2\nauthentication {\nauth_type " + type +
            "\nauth_pass 1\n}\nvirtual_ipaddress {\nfe80::1/64\n}\n}\n");
        EXPECT_TRUE(says(parsed.faults, type == "AH" ? "AH authentication cannot be used with IPv6: it is ignored"
                                                     : "version 2 over IPv6 carries no password: it is ignored"));
        EXPECT_EQ(parsed.faults.front().severity, type == "AH" ? Severity::error : Severity::warning);
        EXPECT_TRUE(parsed.can_start());
        EXPECT_FALSE(of(parsed).wanted());
    }
}

TEST(AuthHmac, acts_in_both_versions) {
    for (const auto* version : {"version 2", "version 3"}) {
        const auto parsed = with_hmac(one_key, version);
        EXPECT_TRUE(parsed.faults.empty()) << version;
        const auto& hmac = of(parsed).hmac;
        ASSERT_EQ(hmac.keys.size(), 1U);
        EXPECT_EQ(text(hmac.keys[0].key), key32);
        EXPECT_EQ(hmac.active_key, 1);
        EXPECT_EQ(hmac.mode, HmacMode::enforce);
        EXPECT_FALSE(hmac.monotonic);
        EXPECT_EQ(hmac.window, 5s);
    }
}

TEST(AuthHmac, VR_254_the_window_is_three_intervals_at_least_5_s) {
    EXPECT_EQ(of(with_hmac(one_key, "advert_int 3")).hmac.window, 9s);
    EXPECT_EQ(of(with_hmac(one_key, "advert_int 255")).hmac.window, 300s);
    EXPECT_EQ(of(with_hmac(one_key, "version 3\nadvert_int 2.5")).hmac.window, 8s);
    EXPECT_EQ(of(with_hmac(one_key + "time_window 1")).hmac.window, 1s);
    EXPECT_TRUE(says(with_hmac(one_key + "time_window 301").faults, "time_window '301'"));
}

TEST(AuthHmac, words_of_choice) {
    EXPECT_EQ(of(with_hmac(one_key + "mode permissive")).hmac.mode, HmacMode::permissive);
    EXPECT_EQ(of(with_hmac(one_key + "mode receive-only")).hmac.mode, HmacMode::receive_only);
    EXPECT_TRUE(of(with_hmac(one_key + "anti_replay monotonic")).hmac.monotonic);
    const auto wrong = with_hmac(one_key + "mode lax\nanti_replay never");
    EXPECT_TRUE(says(wrong.faults, "mode 'lax': write one of: enforce permissive receive-only"));
    EXPECT_TRUE(says(wrong.faults, "anti_replay 'never': write one of: time monotonic"));
    EXPECT_EQ(of(wrong).hmac.mode, HmacMode::enforce);
}

TEST(AuthHmac, VR_252_keys_of_32_to_64_octets) {
    const auto usable = [](const std::string& value) {
        return of(with_hmac("key 9 " + value + "\nactive_key 9")).hmac.keys.size() == 1;
    };
    EXPECT_TRUE(usable(std::string(32, 'x')));
    EXPECT_TRUE(usable(std::string(64, 'x')));
    EXPECT_FALSE(usable(std::string(31, 'x')));
    EXPECT_FALSE(usable(std::string(65, 'x')));
    EXPECT_TRUE(usable("hex:" + std::string(64, 'a')));
    EXPECT_TRUE(usable("hex:" + std::string(128, 'F')));
    EXPECT_FALSE(usable("hex:" + std::string(63, 'a')));
    EXPECT_FALSE(usable("hex:" + std::string(64, 'g')));
    EXPECT_EQ(text(of(with_hmac("key 9 hex:" + std::string(64, '4') + "\nactive_key 9")).hmac.keys.at(0).key),
              std::string(32, 'D'));
}

TEST(AuthHmac, several_keys_of_which_one_signs) {
    const auto parsed = with_hmac(one_key + "key 2 " + std::string(40, 'b') + "\nkey 1 " + std::string(40, 'c'));
    EXPECT_EQ(of(parsed).hmac.keys.size(), 2U);
    EXPECT_EQ(text(of(parsed).hmac.keys[0].key), key32);
    EXPECT_TRUE(says(parsed.faults, "key 1 stands twice: the first one counts"));
}

TEST(AuthHmac, without_a_key_to_sign_with_there_is_none) {
    for (const auto* block : {"active_key 1", "mode enforce", "mode receive-only"})
        EXPECT_TRUE(says(with_hmac(block).faults, "(V) auth_hmac has no usable key")) << block;
    const auto other = with_hmac("key 1 " + key32 + "\nactive_key 2");
    EXPECT_TRUE(says(other.faults, "no key of the number that active_key names"));
    EXPECT_FALSE(of(other).wanted());
    EXPECT_TRUE(of(with_hmac("key 1 " + key32 + "\nmode receive-only")).wanted()) << "it signs nothing";
}

TEST(AuthHmac, takes_the_place_of_authentication) {
    const auto parsed = with_hmac(one_key, "authentication {\nauth_type PASS\nauth_pass 1\n}");
    EXPECT_TRUE(says(parsed.faults, "auth_hmac takes the place of authentication: it is ignored"));
    EXPECT_EQ(of(parsed).type, AuthType::none);
    EXPECT_TRUE(of(parsed).password.empty());
    EXPECT_EQ(of(parsed).hmac.keys.size(), 1U);
}

TEST(AuthHmac, VR_257_a_trailer_needs_the_room_of_an_address) {
    std::string list;
    for (int i = 1; i <= 91; ++i) list += fmt::format("fe80::{:x}/64\n", i);
    const auto advertised = [&](const std::string& more) {
        return parse_text("vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\n" + more +
                          "\nvirtual_ipaddress {\n" + list + "}\n}\n")
            .config.instances.at(0)
            .addresses.size();
    };
    EXPECT_EQ(advertised(""), 90U);
    EXPECT_EQ(advertised("auth_hmac {\n" + one_key + "}"), 89U);
}

// ---- files --------------------------------------------------------------------------------------------

struct KeyFiles {
    FakeFiles files;

    Parsed parse_key(const std::string& path) {
        files.files["/etc/vrrpd.conf"] =
            "vrrp_instance V {\ninterface eth0\nvirtual_router_id 7\nauth_hmac {\nkey 1 file:" + path +
            "\nactive_key 1\n}\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n";
        LoadOptions options;
        options.root = "/etc/vrrpd.conf";
        auto loaded = load(options, files);
        auto parsed = parse(loaded.lines, "H003");
        parsed.faults.insert(parsed.faults.begin(), loaded.faults.begin(), loaded.faults.end());
        return parsed;
    }
};

TEST(AuthHmac, a_key_may_stand_in_a_file) {
    KeyFiles keys;
    keys.files.files["/etc/key"] = key32 + "\n";
    keys.files.files["/etc/vrrp/hex"] = "hex:" + std::string(64, '4') + "\n";
    const auto absolute = keys.parse_key("/etc/key");
    EXPECT_TRUE(absolute.faults.empty());
    EXPECT_EQ(text(of(absolute).hmac.keys.at(0).key), key32);
    EXPECT_EQ(text(of(keys.parse_key("vrrp/hex")).hmac.keys.at(0).key), std::string(32, 'D')) << "beside the text";
}

TEST(AuthHmac, a_key_file_that_others_can_read_is_told) {
    KeyFiles keys;
    keys.files.files["/etc/key"] = key32;
    keys.files.open_to_others.insert("/etc/key");
    const auto parsed = keys.parse_key("/etc/key");
    ASSERT_EQ(parsed.faults.size(), 1U);
    EXPECT_EQ(parsed.faults[0].severity, Severity::security);
    EXPECT_EQ(parsed.faults[0].at, (Position{"/etc/vrrpd.conf", 5, 7}));
    EXPECT_EQ(of(parsed).hmac.keys.size(), 1U);
}

TEST(AuthHmac, a_key_file_that_cannot_be_read_is_told_once) {
    KeyFiles keys;
    keys.files.files["/etc/empty"] = "\n";
    keys.files.files["/etc/chain"] = "file:/etc/empty";
    for (const auto* path : {"/etc/none", "/etc/empty", "/etc/chain"}) {
        const auto parsed = keys.parse_key(path);
        EXPECT_TRUE(says(parsed.faults, "the key is left out: ")) << path;
        EXPECT_TRUE(says(parsed.faults, "auth_hmac has no usable key")) << path;
        EXPECT_EQ(parsed.faults.size(), 2U) << path;
    }
}

TEST(AuthHmac, file_means_something_in_its_block_alone) {
    EXPECT_EQ(joined(load_text("key 1 file:/etc/none").lines), "key 1 file:/etc/none");
    EXPECT_TRUE(load_text("auth_hmac {\nmode enforce\n}\nkey 1 file:/etc/none").faults.empty());
}

TEST(WithoutSecrets, neither_password_nor_key_is_left_and_the_rest_is_as_it_was) {
    const std::string blocks = "authentication {\nauth_type PASS\nauth_pass TOPSECRET\n}\nauth_hmac {\nkey 1 " + key32 +
                               "\nkey 2 hex:" + std::string(64, '4') + " TOPSECRET\nactive_key 1\n}\n";
    const auto lines = load_text("vrrp_instance V {\n" + blocks + "interface eth0\n}\nkey 1 stays\n").lines;
    const auto open = without_secrets(lines);
    ASSERT_TRUE(open);
    const auto text = joined(*open);
    for (const auto& secret : {std::string("TOPSECRET"), key32, std::string("444")})
        EXPECT_EQ(text.find(secret), std::string::npos) << text;
    EXPECT_NE(text.find("interface eth0 / } / key 1 stays"), std::string::npos) << text;
    ASSERT_EQ(open->size(), lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ((*open)[i].at, lines[i].at);
    EXPECT_FALSE(without_secrets(load_text("vrrp_instance V {\ninterface eth0\n}\n").lines));
}

// Whatever is wrong, no message shows what may be a key or a password.
TEST(AuthHmac, nothing_secret_is_said) {
    const std::string secret = "TOPSECRET";
    const std::string blocks[] = {
        "authentication {\nauth_pass TOPSECRETTOPSECRET\n}",
        "authentication {\nauth_type PASS\nauth_pass TOPSECRET more words\n}",
        "auth_hmac {\nkey TOPSECRET\n}",
        "auth_hmac {\nkey TOPSECRET 1\n}",
        "auth_hmac {\nkey 1 TOPSECRET\nactive_key 1\n}",
        "auth_hmac {\nkey 1 hex:TOPSECRET\nactive_key 2\n}",
        "auth_hmac {\nkey 1 TOPSECRET TOPSECRET\nkey 1 TOPSECRET\n}",
        "auth_hmac {\nkey 300 TOPSECRET\n}",
    };
    for (const auto& block : blocks) {
        const auto parsed = parse_instance(block);
        EXPECT_FALSE(parsed.faults.empty()) << block;
        EXPECT_FALSE(says(parsed.faults, secret)) << block;
    }
}

}  // namespace
}  // namespace vrrpd::config::authentication_test
