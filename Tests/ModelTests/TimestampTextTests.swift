import Model
import Testing

@Suite("A timestamp as text", .timeLimit(.minutes(1)))
struct TimestampTextTests {
  static let pairs: [(String, Int64)] = [
    ("1970-01-01T00:00:00Z", 0),
    ("1969-12-31T23:59:59.999999Z", -1),
    ("2000-02-29T12:34:56.789Z", 951_827_696_789_000),
    ("2026-11-20T09:00:00Z", 1_795_165_200_000_000),
    ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
    ("1600-03-01T00:00:00Z", -11_670_912_000_000_000),
  ]

  @Test("is written in UTC and read back", arguments: pairs)
  func roundTrip(_ text: String, _ microseconds: Int64) {
    #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
  }

  @Test("an offset is taken off")
  func offset() {
    #expect(Timestamp(rfc3339: "2026-11-20T06:00:00-03:00")?.rfc3339 == "2026-11-20T09:00:00Z")
  }

  @Test(
    "what is no time is refused",
    arguments: ["", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z"])
  func refused(_ text: String) { #expect(Timestamp(rfc3339: text) == nil) }
}
