import Foundation
import Testing

/// `pipeline test`: a file runs in memory. Time jumps, so a month takes no time at all.
@Suite("A file under test", .serialized, .timeLimit(.minutes(2)))
struct PipelineTestTests {
  private static let long = """
    apiVersion: esteira/v1
    id: long
    namespace: demo
    inputs: {who: {type: string, default: ana}}
    steps:
      fetch:
        uses: http.request
        with: {url: "https://example.org/x"}
        retry: {attempts: 5, backoff: {initial: 1h, max: 2h}}
      pause: {needs: [fetch], wait: {for: 30d}}
      paid: {needs: [pause], wait: {signal: {name: paid, key: "${{ inputs.who }}"}}}
      review:
        needs: [paid]
        repeat: {max: 3, until: steps.confirm.output.choice == 'confirm'}
        steps:
          confirm:
            ask:
              title: OK?
              to: {users: ["${{ inputs.who }}"]}
              choices: {confirm: {approves: true}, suggest: {}}
      rate:
        needs: [review]
        ask:
          title: Useful?
          to: {users: ["${{ inputs.who }}"]}
          choices: {rate: {}}
          expires: 5m
          on_expiry: skip
      each:
        for_each: "['a', 'b']"
        as: k
        key: ${{ k }}
        allow_failed: 1
        uses: findface.count
        with: {n: "${{ k }}"}
    outputs: {at: "${{ string(now) }}", sum: "${{ steps.paid.output.sum }}"}
    """

  @Test("jumps over retries, waits and silence, and plays people and messages as it is told")
  func whole() throws {
    let place = try Place()
    defer { place.clean() }
    try place.write("long.yaml", Self.long)
    try place.write(
      "fetch.json",
      #"{"sequence": [{"fail": {"class": "transient"}}, {"fail": {"class": "timeout"}}, {"status": 200}]}"#)
    try place.write(
      "each.json", #"{"items": {"a": {"x": 1}, "b": {"fail": {"class": "data", "message": "no"}}}}"#)
    try place.write("paid.json", #"{"sum": 12}"#)
    let tested = try place.esteira(
      "pipeline test long.yaml --at 2026-01-01T00:00:00Z --mock fetch=fetch.json --mock each=each.json "
        + "--signal paid=paid.json --answer confirm=suggest --answer confirm=confirm")
    #expect(
      tested.out == """
        fetch             success  3 h    {"status":200}
        pause             success         {"at":"2026-01-31T03:00:00Z"}
        paid              success         {"sum":12}
        rate              skipped         nobody answered in time
        each              partial  0.0 s
        each[b]           failed   0.0 s  data: no
        review#1.confirm  success         \(Self.answer("suggest"))
        review#2.confirm  success         \(Self.answer("confirm"))
        long: partial  {"at": "2026-01-31T03:05:00Z", "sum": 12}

        """)
    #expect(tested.code == 8, "\(tested.errors)")
    #expect(!place.exists("data"), "Nothing is stored.")
  }

  private static func answer(_ choice: String) -> String {
    #"{"choice":"\#(choice)","by":"local:ana","at":"2026-01-31T03:00:00Z","expired":false…"#
  }

  @Test("refuses to leave the machine, and says which stand-in is missing")
  func home() throws {
    let place = try Place()
    defer { place.clean() }
    try place.write("long.yaml", Self.long)
    let unknown = try place.esteira("pipeline test long.yaml")
    #expect(unknown.code == 2 && unknown.errors.contains("findface.count"))
    let refused = try place.esteira("pipeline test long.yaml --mock each={}")
    #expect(
      refused.code == 1 && refused.out.contains("fetch would leave this machine. Give --mock fetch=FILE"))
    let typo = try place.esteira("pipeline test long.yaml --mock ech={} --mock each={}")
    #expect(typo.code == 2 && typo.errors.contains(#"There is no step "ech""#))
    let ask = try place.esteira("pipeline test long.yaml --mock each={} --answer confrm=yes")
    #expect(ask.code == 2 && ask.errors.contains("The asks are: rate, review.confirm."))
  }

  @Test("stops where it is told, and where nothing more can happen")
  func left() throws {
    let place = try Place()
    defer { place.clean() }
    try place.write("long.yaml", Self.long)
    let until = try place.esteira("pipeline test long.yaml --mock each={} --mock fetch={} --until pause -q")
    #expect(until.code == 0 && until.out.hasPrefix("left after pause\n"), "\(until)")
    let stuck = try place.esteira("pipeline test long.yaml --mock each={} --mock fetch={} -q --lang pt-BR")
    #expect(stuck.code == 1 && stuck.out.hasPrefix("parado: nada mais vai acontecer"), "\(stuck)")
  }

  @Test("runs scripts as they are, and gives the same with the same time")
  func scripts() throws {
    let place = try Place()
    defer { place.clean() }
    try place.write(
      "draw.yaml",
      """
      apiVersion: esteira/v1
      id: draw
      namespace: demo
      vars: {drawn: "${{ random.hex(8) }}"}
      steps:
        say: {uses: shell, with: {run: "echo drew $D", env: {D: "${{ vars.drawn }}"}}}
      outputs: {said: "${{ steps.say.output.stdout }}", at: "${{ string(now) }}"}
      """)
    let first = try place.esteira("pipeline test draw.yaml --at 2026-05-04")
    #expect(first.code == 0 && first.out.contains("say  success"), "\(first)")
    #expect(try place.esteira("pipeline test draw.yaml --at 2026-05-04").out == first.out)
    let other = try place.esteira("pipeline test draw.yaml -o json")
    #expect(other.code == 0 && other.out.contains(#""status": "success""#))
  }
}
