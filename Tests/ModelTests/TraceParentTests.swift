import Model
import Testing

/// W3C Trace Context, section 3.2, and the cases of its test suite that concern a receiver.
@Suite("traceparent")
struct TraceParentTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let parent = "b7ad6b7169203331"

  @Test("is read, and written in the first version")
  func read() throws {
    let sampled = try #require(TraceParent(header: "00-\(Self.trace)-\(Self.parent)-01"))
    #expect(sampled.trace == Self.trace && sampled.parent == Self.parent && sampled.isSampled)
    #expect(sampled.header == "00-\(Self.trace)-\(Self.parent)-01")
    let quiet = try #require(TraceParent(header: "00-\(Self.trace)-\(Self.parent)-00"))
    #expect(!quiet.isSampled && quiet.header.hasSuffix("-00"))
  }

  @Test("of a later version is read as far as the first goes; flags that are not known are not given on")
  func later() throws {
    for text in ["cc-\(Self.trace)-\(Self.parent)-01", "cc-\(Self.trace)-\(Self.parent)-01-what-is-new"] {
      #expect(TraceParent(header: text)?.header == "00-\(Self.trace)-\(Self.parent)-01")
    }
    #expect(TraceParent(header: "00-\(Self.trace)-\(Self.parent)-ff")?.header.hasSuffix("-01") == true)
    #expect(TraceParent(header: "00-\(Self.trace)-\(Self.parent)-fe")?.header.hasSuffix("-00") == true)
  }

  static let wrong = [
    "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-", "00-\(trace)-\(parent)-1",
    "00-\(trace)-\(parent)-01-more", "00-\(trace)-\(parent)-01.", "00-\(trace)-\(parent)-0g",
    "ff-\(trace)-\(parent)-01", "0g-\(trace)-\(parent)-01", "cc-\(trace)-\(parent)-01.what",
    "cc-\(trace)-\(parent)-01what", "00-\(trace.uppercased())-\(parent)-01",
    "00-\(trace)-\(parent.uppercased())-01", "00-00000000000000000000000000000000-\(parent)-01",
    "00-\(trace)-0000000000000000-01", "00-\(trace.dropLast())-\(parent)-01",
    "00-\(trace)-\(parent.dropLast())-01", "00_\(trace)-\(parent)-01", "00-\(trace)_\(parent)-01",
    "00-\(trace)-\(parent)_01", " 00-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-01 ",
    "00-\(trace)-\(parent)-01,00-\(trace)-\(parent)-01", "00-\(trace.dropLast())é\(parent)-01-",
  ]

  @Test("that is none is none", arguments: wrong)
  func malformed(_ text: String) { #expect(TraceParent(header: text) == nil) }
}
