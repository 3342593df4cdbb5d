import Model
import Testing

@Suite("An identifier", .timeLimit(.minutes(1)))
struct IDTests {
  @Test("reads back what it prints")
  func roundTrip() {
    var random = SystemRandomNumberGenerator()
    let id = ID<Job>.generate(at: Timestamp(microseconds: 1_700_000_000_000_000), using: &random)
    #expect(ID<Job>(id.description) == id)
    #expect(id.description.count == 36)
  }
}
