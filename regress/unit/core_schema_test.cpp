// Unit: input schemas: every keyword on both sides, every mistake named, hostile schemas and values.
#include "core/schema.hpp"

#include <gtest/gtest.h>

#include <chrono>

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

Schema schema(std::string_view text) {
  auto out = Schema::compile(json(text));
  EXPECT_TRUE(out.ok()) << text << "\n" << (out ? "" : out.error().detail);
  return out ? std::move(out).value() : *Schema::compile(Json::object());
}

std::string complaints_of(const Json& definition) {
  std::vector<Problem> problems;
  auto out = Schema::compile(definition, &problems);
  EXPECT_EQ(out.ok(), problems.empty());
  EXPECT_EQ(out ? "" : out.error().detail, to_text(problems));
  return to_text(problems);
}
std::string complaints(std::string_view text) { return complaints_of(json(text)); }

struct Verdict {
  const char* schema;
  const char* valid;    // a list of values
  const char* invalid;  // a list of values
};

class Keywords : public testing::TestWithParam<Verdict> {};

TEST_P(Keywords, Judge) {
  const Schema compiled = schema(GetParam().schema);
  const Json valid = json(GetParam().valid);
  const Json invalid = json(GetParam().invalid);
  for (const Json& value : valid.items()) {
    EXPECT_TRUE(compiled.validate(value).empty())
        << GetParam().schema << " " << value.dump() << " " << to_text(compiled.validate(value));
  }
  for (const Json& value : invalid.items()) {
    EXPECT_FALSE(compiled.validate(value).empty()) << GetParam().schema << " " << value.dump();
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Keywords,
    testing::Values(
        Verdict{"{}", R"([1,"a",null,{},[]])", "[]"},
        Verdict{R"({"type":"integer"})", "[1,1.0,1e3,-0]", R"([1.5,"1",null,true,1e-1])"},
        Verdict{R"({"type":"number"})", "[1,1.5,1e400]", R"(["1"])"},
        Verdict{R"({"type":["string","null"]})", R"(["",null])", "[0,false]"},
        Verdict{R"({"enum":["a",1,null,{"x":[1]}]})", R"(["a",1.0,null,{"x":[1e0]}])", R"(["A",2,{},{"x":[2]}])"},
        Verdict{R"({"const":{"a":1,"b":2}})", R"([{"b":2,"a":1.0}])", R"([{"a":1}])"},
        Verdict{R"({"minimum":9007199254740993})", "[9007199254740993,1e300]", "[9007199254740992]"},
        Verdict{R"({"maximum":0.1})", "[0.1,0.10,-5]", "[0.1000000000000000000000001]"},
        Verdict{R"({"exclusiveMinimum":0,"exclusiveMaximum":1})", "[0.5,1e-300]", "[0,1,1.0,0.0]"},
        Verdict{R"({"multipleOf":0.01})", "[0.07,19.99,0,1e300]", "[0.075]"},
        Verdict{R"({"minLength":2,"maxLength":3})", R"(["가나","abc","😀😀"])", R"(["가","abcd","😀"])"},
        Verdict{R"({"pattern":"^a+$"})", R"(["aaa",5])", R"(["baa",""])"},
        Verdict{R"({"pattern":"b"})", R"(["abc"])", R"(["ac"])"},
        Verdict{R"({"items":{"type":"integer"},"minItems":1,"maxItems":2})", "[[1],[1,2]]", R"([[],[1,2,3],["a"]])"},
        Verdict{R"({"uniqueItems":true})", R"([[],[1,2],["1",1],[[1],[2]]])",
                R"([[1,1.0],[{"a":1,"b":2},{"b":2,"a":1}]])"},
        Verdict{R"({"minProperties":1,"maxProperties":2})", R"([{"a":1}])", R"([{},{"a":1,"b":1,"c":1}])"},
        Verdict{R"({"properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})",
                R"([{"a":"x"},5])", R"([{},{"a":1},{"a":"x","b":1}])"},
        Verdict{R"({"anyOf":[{"type":"string"},{"minimum":5}]})", R"(["a",5,null])", "[4]"},
        Verdict{R"({"oneOf":[{"type":"integer"},{"minimum":5}]})", "[4,5.5]", "[5,4.5]"},
        Verdict{R"({"allOf":[{"minimum":1},{"maximum":2}]})", "[1,2]", "[0,3]"},
        Verdict{R"({"not":{"type":"null"}})", "[1]", "[null]"}));

INSTANTIATE_TEST_SUITE_P(
    Formats, Keywords,
    testing::Values(
        Verdict{
            R"({"format":"date-time"})", R"(["2026-02-28T23:59:60Z","2024-02-29t00:00:00.123456+09:00"])",
            R"(["2026-02-29T00:00:00Z","2026-01-01","2026-01-01T00:00:00","2026-01-01 00:00:00Z","2026-01-01T24:00:00Z","2026-01-01T00:00:00.Z","2026-13-01T00:00:00Z","2026-01-01T00:00:00+9:00","now"])"},
        Verdict{R"({"format":"date"})", R"(["2000-02-29"])",
                R"(["1900-02-29","2026-1-1","2026-04-31","0000-01-01","2026-01-01x"])"},
        Verdict{R"({"format":"uuid"})", R"(["017f22e2-79b0-7cc3-98c4-dc0c0c07398f"])",
                R"(["017f22e279b07cc398c4dc0c0c07398f",""])"},
        Verdict{R"({"format":"uri"})", R"(["https://a.example/x?y#z","urn:a:b"])",
                R"(["a.example","1http://x","http://a b","http:",":x",""])"},
        Verdict{R"({"format":"ipv4"})", R"(["10.0.0.1"])", R"(["10.0.0","010.0.0.1","::1","10.0.0.1 "])"},
        Verdict{R"({"format":"ipv6"})", R"(["::1","2001:db8::1"])", R"(["10.0.0.1","::g","fe80::1%eth0"])"},
        Verdict{R"({"format":"email"})", R"(["a@b.example"])", R"(["a","@b","a@","a@b@c","a b@c","a@.b"])"}));

TEST(SchemaCompile, NamesEveryMistakeAtItsPlace) {
  EXPECT_EQ(
      complaints(
          R"({"type":"objekt","proprties":{},"properties":{"limit":{"type":"integer","minimun":1,"x-ops":{"slot":"untl","sinonyms":{}}}}})"),
      "$.type: unknown type (Did you mean \"object\"?)\n"
      "$.proprties: unknown keyword (Did you mean \"properties\"?)\n"
      "$.properties.limit.minimun: unknown keyword (Did you mean \"minimum\"?)\n"
      "$.properties.limit.\"x-ops\".slot: unknown slot (Did you mean \"until\"?)\n"
      "$.properties.limit.\"x-ops\".sinonyms: unknown keyword in x-ops (Did you mean \"synonyms\"?)");
  EXPECT_EQ(complaints(R"({"properties":{"a":{"$ref":"#"}}})"),
            "$.properties.a.\"$ref\": references are not supported (Write the schema out in place.)");
}

TEST(SchemaCompile, RefusesWhatCannotMean) {
  for (const auto* bad : {"5",
                          "true",
                          "[]",
                          R"({"type":[]})",
                          R"({"type":5})",
                          R"({"properties":[]})",
                          R"({"properties":{"a":true}})",
                          R"({"required":"a"})",
                          R"({"required":["a","a"]})",
                          R"({"required":[1]})",
                          R"({"additionalProperties":{}})",
                          R"({"enum":[]})",
                          R"({"enum":{}})",
                          R"({"type":"string","enum":["a",1]})",
                          R"({"minimum":"1"})",
                          R"({"multipleOf":0})",
                          R"({"multipleOf":-1})",
                          R"({"multipleOf":1.234567890123456789})",
                          R"({"minLength":-1})",
                          R"({"minLength":1.5})",
                          R"({"minLength":3,"maxLength":2})",
                          R"({"minimum":3,"maximum":2})",
                          "{\"pattern\":\"(\"}",
                          "{\"pattern\":\"(?=a)\"}",
                          "{\"pattern\":\"(a)\\\\1\"}",
                          R"({"format":"hostname"})",
                          R"({"items":[]})",
                          R"({"anyOf":[]})",
                          R"({"anyOf":{}})",
                          R"({"not":1})",
                          R"({"title":1})",
                          R"({"examples":1})",
                          R"({"type":"string","default":1})",
                          R"({"properties":{"a":{"maximum":5,"default":6}}})",
                          R"({"x-ops":1})",
                          R"({"x-ops":{"quoted":"yes"}})",
                          R"({"x-ops":{"unit":""}})",
                          R"({"enum":["a"],"x-ops":{"synonyms":{"b":["x"]}}})",
                          R"({"x-ops":{"synonyms":{"b":[1]}}})",
                          R"({"required":["b"],"properties":{"a":{}},"additionalProperties":false})",
                          R"({"properties":{"":{}}})"}) {
    EXPECT_NE(complaints(bad), "") << bad;
  }
}

TEST(SchemaCompile, StaysInsideItsBounds) {
  Json deep = Json::object();
  for (int i = 0; i < 100000; ++i) {
    Json outer = Json::object();
    outer.set("items", std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_NE(complaints_of(deep).find("nested too deeply"), std::string::npos);
  Json wide = Json::object();
  Json properties = Json::object();
  for (int i = 0; i < 3000; ++i)
    properties.members().emplace_back("p" + std::to_string(i), Json::object({{"type", "string"}}));
  wide.set("properties", std::move(properties));
  EXPECT_NE(complaints_of(wide).find("too large"), std::string::npos);
  EXPECT_NE(complaints_of(Json::object({{"pattern", Json(std::string(1001, 'a'))}})), "");
  EXPECT_NE(complaints(R"({"pattern":"((a{1,100}){1,100}){1,100}"})"), "") << "a pattern that explodes";
  Json many = Json::object();
  for (int i = 0; i < 500; ++i) many.set("unknown" + std::to_string(i), 1);
  std::vector<Problem> problems;
  EXPECT_FALSE(Schema::compile(many, &problems).ok());
  EXPECT_EQ(problems.size(), SchemaLimits::kProblems);
}

TEST(SchemaValidate, HostileValuesEndQuickly) {
  const auto start = std::chrono::steady_clock::now();
  const Schema pattern = schema(R"({"pattern":"^(a|a?)+$"})");
  EXPECT_FALSE(pattern.validate(Json(std::string(1 << 20, 'a') + "b")).empty());
  const Schema unique = schema(R"({"uniqueItems":true})");
  Json list = Json::array();
  for (int i = 0; i < 100000; ++i) list.push_back(i);
  EXPECT_FALSE(unique.validate(list).empty());
  const Schema typed = schema(R"({"items":{"type":"string"}})");
  EXPECT_EQ(typed.validate(list).size(), SchemaLimits::kProblems);
  Json deep = Json::array();
  for (int i = 0; i < 100000; ++i) deep = wrapped(std::move(deep));
  EXPECT_TRUE(schema(R"({"type":"array"})").validate(deep).empty());
  EXPECT_FALSE(schema(R"({"const":[]})").validate(deep).empty());
  EXPECT_FALSE(schema(R"({"maximum":5})").validate(Json::number(std::string(1 << 20, '9'))).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(SchemaValidate, SaysWhereAndWhat) {
  const Schema compiled = schema(
      R"({"type":"object","properties":{"limit":{"type":"integer","minimum":1},"tags":{"items":{"enum":["a","b"]}}},
                                     "required":["limit"],"additionalProperties":false})");
  EXPECT_EQ(to_text(compiled.validate(json(R"({"limt":5,"tags":["a","c"]})"))),
            "$.tags[1]: is not an allowed value (Allowed values are \"a\", \"b\".)\n"
            "$: has no property \"limit\"\n"
            "$.limt: unknown property (Did you mean \"limit\"?)");
  EXPECT_EQ(to_text(compiled.validate(json(R"({"limit":0})"))), "$.limit: must be at least 1");
  EXPECT_EQ(to_text(compiled.validate(json("[]"))), "$: must be object");
}

TEST(SchemaDefaults, FillWhatIsAbsentOnly) {
  const Schema compiled = schema(
      R"({"properties":{"a":{"default":5},"b":{"default":null},"c":{"properties":{"d":{"default":[1]}}},"e":{}}})");
  Json value = json(R"({"a":1,"c":{}})");
  compiled.apply_defaults(value);
  EXPECT_EQ(value.dump(), R"({"a":1,"c":{"d":[1]},"b":null})");
}

TEST(SchemaAccess, TellsAPlannerWhatItNeeds) {
  const Schema compiled = schema(R"({"type":"object","properties":{
      "since":{"type":"string","format":"date-time","x-ops":{"slot":"since"}},
      "status":{"type":"string","enum":["open","closed"],"default":"open","x-ops":{"synonyms":{"open":["unresolved","미해결"],"closed":"done"}}},
      "size":{"type":["number","null"],"title":"Size","description":"how big","x-ops":{"unit":"bytes"}},
      "who":{"type":"string","x-ops":{"entity":"host","quoted":true}}},"required":["who"],"additionalProperties":false})");
  ASSERT_EQ(compiled.properties().size(), 4U);
  EXPECT_EQ(compiled.properties()[0].name, "since");
  EXPECT_EQ(compiled.properties()[0].hints.slot, Slot::since);
  EXPECT_EQ(compiled.properties()[0].format, "date-time");
  const PropertyInfo& status = *compiled.property("status");
  ASSERT_EQ(status.hints.synonyms.size(), 3U);
  EXPECT_EQ(status.hints.synonyms[1].word, "미해결");
  EXPECT_EQ(status.hints.synonyms[1].value.text(), "open");
  EXPECT_EQ(status.hints.synonyms[2].value.text(), "closed");
  EXPECT_EQ(status.default_value->text(), "open");
  EXPECT_TRUE(compiled.property("size")->allows(JsonType::null));
  EXPECT_FALSE(compiled.property("size")->allows(JsonType::string));
  EXPECT_EQ(compiled.property("size")->hints.unit, "bytes");
  EXPECT_TRUE(compiled.property("who")->required);
  EXPECT_TRUE(compiled.property("who")->hints.quoted);
  EXPECT_EQ(compiled.property("who")->hints.entity, "host");
  EXPECT_EQ(compiled.property("nobody"), nullptr);
  EXPECT_FALSE(compiled.allows_additional());
  EXPECT_TRUE(compiled.allows(JsonType::object));
  EXPECT_FALSE(compiled.allows(JsonType::array));
}

}  // namespace
}  // namespace pgops
