// Unit: templates of http tools, with arguments that try to get out of their place.
#include "core/template.hpp"

#include <gtest/gtest.h>

#include <random>

namespace pgops {
namespace {

Json wrapped(Json value) {
  Json out = Json::array();
  out.push_back(std::move(value));
  return out;
}

Json json(std::string_view text) {
  auto parsed = Json::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed ? std::move(parsed).value() : Json();
}

std::string url(std::string_view text, std::string_view arguments) {
  auto out = expand_url(text, json(arguments));
  return out ? *out : "error: " + out.error().message;
}

std::string query(std::string_view text, std::string_view arguments) {
  auto out = expand_query(json(text), json(arguments));
  return out ? *out : "error: " + out.error().message;
}

std::string body(std::string_view text, std::string_view arguments) {
  auto out = expand_body(json(text), json(arguments));
  if (!out) return "error: " + out.error().message;
  return *out ? **out : "(none)";
}

TEST(UrlTemplate, EncodesEverythingButUnreserved) {
  EXPECT_EQ(url("https://a.example/v1/{s}", R"({"s":"a-b.c_d~9"})"), "https://a.example/v1/a-b.c_d~9");
  EXPECT_EQ(url("https://a.example/v1/{s}", R"({"s":"a/b?c#d&e=f g%@:한"})"),
            "https://a.example/v1/a%2Fb%3Fc%23d%26e%3Df%20g%25%40%3A%ED%95%9C");
  EXPECT_EQ(url("https://a.example/{n}/{b}", R"({"n":1.50,"b":true})"), "https://a.example/1.50/true");
  EXPECT_EQ(url("https://a.example/{l}", R"({"l":["red","a,b",3]})"), "https://a.example/red,a%2Cb,3");
  EXPECT_EQ(url("https://a.example/?q={q}&r={r}", R"({"q":"x y"})"), "https://a.example/?q=x%20y&r=");
}

TEST(UrlTemplate, APathArgumentMustBeThere) {
  for (const auto* arguments : {"{}", R"({"s":null})", R"({"s":""})", R"({"s":[]})"}) {
    EXPECT_EQ(url("https://a.example/{s}/x", arguments),
              "error: an argument in the path of the url is missing or empty")
        << arguments;
  }
  EXPECT_EQ(url("https://a.example/{s}", R"({"s":{"a":1}})").substr(0, 6), "error:");
}

TEST(UrlTemplate, ArgumentsCannotClimbOrMove) {
  EXPECT_EQ(url("https://a.example/v1/{s}/x", R"({"s":".."})"),
            "error: an argument makes a segment . or .. in the url");
  EXPECT_EQ(url("https://a.example/v1/{s}{t}", R"({"s":".","t":"."})").substr(0, 6), "error:");
  EXPECT_EQ(url("https://a.example/v1/{s}", R"({"s":"%2e%2e/"})"), "https://a.example/v1/%252e%252e%2F");
  EXPECT_EQ(url("https://a.example/{s}", R"({"s":"{{secret:pager}}"})"),
            "https://a.example/%7B%7Bsecret%3Apager%7D%7D");
  EXPECT_EQ(url("https://a.example/{s}", "{\"s\":\"a\\r\\nX: y\"}"), "https://a.example/a%0D%0AX%3A%20y");
  EXPECT_EQ(url("https://a.example/?x={s}", R"({"s":".."})"), "https://a.example/?x=..");
}

TEST(UrlTemplate, BadTemplatesAreRefused) {
  for (const auto* bad : {"", "ftp://a.example/", "//a.example", "https://", "https:///x", "https://u:p@a.example/",
                          "https://{h}/x", "https://a.example:{p}/", "https://a.example\\@b/", "https://a.example/{",
                          "https://a.example/}", "https://a.example/{a b}", "https://a.example/{}",
                          "https://a.example/{{x}}", "https://a.example/?k={{secret:x}}", "https://a.example/a b",
                          "https://a.example/a\nb", "https://a.example/../x", "https://a.example/{+x}"}) {
    EXPECT_FALSE(scan_url(bad).ok()) << bad;
    EXPECT_FALSE(expand_url(bad, Json::object()).ok()) << bad;
  }
  const auto use = scan_url("https://a.example/{b}/{a}?c={b}");
  ASSERT_TRUE(use.ok());
  EXPECT_EQ(use->arguments, (std::vector<std::string>{"b", "a"}));
}

TEST(HeaderTemplate, KeepsSecretsAndRefusesLines) {
  EXPECT_EQ(**expand_header("Bearer {{secret:pager}}", Json::object()), "Bearer {{secret:pager}}");
  EXPECT_EQ(**expand_header("v={a}", json("{\"a\":\"x\\r\\nEvil: 1\"}")), "v=x%0D%0AEvil%3A%201");
  EXPECT_EQ(**expand_header("{a}", json(R"({"a":"{{secret:other}}"})")), "%7B%7Bsecret%3Aother%7D%7D");
  EXPECT_FALSE(expand_header("{a}", Json::object())->has_value());
  for (const auto& bad : {std::string("a\r\nb"), std::string("a\nb"), std::string("a\0b", 3), std::string("a\x7F"),
                          std::string("{{secret:}}"), std::string("{{secret:a b}}"), std::string("{{secret:x")}) {
    EXPECT_FALSE(expand_header(bad, Json::object()).ok());
    EXPECT_FALSE(scan_text(bad).ok());
  }
  EXPECT_EQ(scan_text("{{secret:a}} {b} {{secret:a}}")->secrets, std::vector<std::string>{"a"});
  EXPECT_TRUE(valid_header_name("X-Request-Id"));
  for (const auto* bad : {"", "a b", "a:", "a\r\n", "é"}) EXPECT_FALSE(valid_header_name(bad)) << bad;
}

TEST(QueryTemplate, EncodesOnceRepeatsListsAndLeavesOutWhatIsAbsent) {
  EXPECT_EQ(query(R"({"a":{"$arg":"x"},"b":"{x}!","c":5,"d":null,"e":[1,"{y}",{"$arg":"l"}]})",
                  R"({"x":"1 &2","l":["p","q"]})"),
            "a=1%20%262&b=1%20%262%21&c=5&e=1&e=p&e=q");
  EXPECT_EQ(query(R"({"k y":"v"})", "{}"), "k%20y=v");
  EXPECT_EQ(query(R"({"key":"{{secret:k}}","q":{"$arg":"q"}})", R"({"q":"{{secret:other}}"})"),
            "key={{secret:k}}&q=%7B%7Bsecret%3Aother%7D%7D");
  EXPECT_EQ(query("null", "{}"), "");
  EXPECT_EQ(query("[1]", "{}").substr(0, 6), "error:");
  EXPECT_EQ(query(R"({"a":{"$arg":"x"}})", R"({"x":{"y":1}})").substr(0, 6), "error:");
  EXPECT_EQ(query(R"({"a":{"b":1}})", "{}").substr(0, 6), "error:");
  EXPECT_EQ(query(R"({"a":[[1]]})", "{}").substr(0, 6), "error:");
  EXPECT_EQ(query(R"({"a":[{"$arg":"x"}]})", R"({"x":[["a"]]})").substr(0, 6), "error:");
}

TEST(QueryTemplate, JoinsTheUrl) {
  EXPECT_EQ(join_query("https://a/x", "q=1"), "https://a/x?q=1");
  EXPECT_EQ(join_query("https://a/x?b=2", "q=1"), "https://a/x?b=2&q=1");
  EXPECT_EQ(join_query("https://a/x?", "q=1"), "https://a/x?q=1");
  EXPECT_EQ(join_query("https://a/x#f", "q=1"), "https://a/x?q=1#f");
  EXPECT_EQ(join_query("https://a/x", ""), "https://a/x");
}

TEST(BodyTemplate, KeepsTypesAndDropsTheAbsent) {
  EXPECT_EQ(body(R"({"n":{"$arg":"n"},"o":{"$arg":"o"},"z":{"$arg":"z"},"l":[{"$arg":"o"},{"$arg":"n"}],"s":"{n}"})",
                 R"({"n":1.50,"z":null})"),
            R"({"n":1.50,"z":null,"l":[1.50],"s":"{n}"})");
  EXPECT_EQ(body(R"({"$arg":"o"})", "{}"), "(none)");
  EXPECT_EQ(body(R"({"a":{"$arg":"o"}})", "{}"), "{}");
  EXPECT_EQ(body(R"({"a":{"$arg":"o","b":1}})", "{}").substr(0, 6), "error:");
  EXPECT_EQ(body(R"({"a":{"$arg":1}})", "{}").substr(0, 6), "error:");
}

TEST(BodyTemplate, AnArgumentNeverBecomesASecret) {
  const std::string text = body(R"({"k":"{{secret:mine}}","v":{"$arg":"v"}})",
                                R"({"v":{"{{secret:a}}":["{{secret:b}}","\\{{{secret:c}}"]}})");
  EXPECT_EQ(text.find("{{secret:"), text.find("{{secret:mine}}"));
  EXPECT_EQ(text.find("{{secret:", text.find("mine")), std::string::npos) << text;
  EXPECT_EQ(json(text), json(R"({"k":"{{secret:mine}}","v":{"{{secret:a}}":["{{secret:b}}","\\{{{secret:c}}"]}})"));
}

TEST(BodyTemplate, ScanListsWhatIsUsed) {
  const auto use = scan_tree(json(R"({"a":[{"$arg":"x"},"{y} {{secret:s}}"],"b":"{ {{secret:t}}"})"), false);
  ASSERT_TRUE(use.ok());
  EXPECT_EQ(use->arguments, std::vector<std::string>{"x"});
  EXPECT_EQ(use->secrets, (std::vector<std::string>{"s", "t"}));
  EXPECT_EQ(scan_tree(json(R"({"a":"{y}","b":{"$arg":"z"}})"), true)->arguments, (std::vector<std::string>{"y", "z"}));
  EXPECT_FALSE(scan_tree(json(R"({"a":"{{secret:x"})"), false).ok());
  EXPECT_FALSE(scan_tree(json(R"({"a":"{"})"), true).ok());
  Json deep = 1;
  for (int i = 0; i < 100000; ++i) deep = wrapped(std::move(deep));
  EXPECT_FALSE(scan_tree(deep, false).ok());
  EXPECT_FALSE(expand_body(deep, Json::object()).ok());
}

TEST(BodyTemplate, SubstitutionEqualsTheValueForRandomArguments) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto n = random() % 12; n > 0; --n) text.push_back("{}\\\"su:é"[random() % 8]);
    if (!valid_utf8(text)) continue;
    const Json arguments = Json::object({{"x", Json(text)}});
    const auto value = substitute(json(R"({"v":{"$arg":"x"}})"), arguments);
    ASSERT_TRUE(value.ok());
    ASSERT_EQ((*value)["v"].text(), text);
    ASSERT_EQ((**expand_body(json(R"({"v":{"$arg":"x"}})"), arguments)).find("{{"), std::string::npos);
  }
}

}  // namespace
}  // namespace pgops
