import Foundation
import Testing

/// A server that notices silence, as an operator sees it.
@Suite("The watcher of a server", .serialized, .timeLimit(.minutes(3)))
struct WatchingTests {
  private static let file = """
    apiVersion: esteira/v1
    id: load
    namespace: demo
    expect:
      success_every: 1s
      volume: {metric: rows, compare: median, minimum: 50%}
    inputs: {rows: {type: integer}}
    steps: {count: {value: "${{ inputs.rows }}"}}
    outputs: {rows: "${{ steps.count.output }}"}

    """

  /// What is awaited is a line of the server's log; a ping of anything makes the watcher look at once.
  private static let script = """
    set -u
    export ESTEIRA_DATA=data
    say() { echo "== $1"; }
    await() {
      until grep -q "$1" data/server.log; do esteira ping awake >/dev/null; done
      grep -o "$1" data/server.log | head -1
    }
    esteira server --background >/dev/null
    esteira pipeline apply load.yaml >/dev/null
    say silence
    await "ALERT demo/load success_every: no success yet"
    say volume
    for rows in 100 100 100 49; do esteira job start demo/load --input rows=$rows -w >/dev/null; done
    await "ALERT demo/load volume: rows is 49"
    esteira expect ls -n demo --late -o id; echo "exit $?"
    say beat
    esteira ping nas --fail --message "disk full" >/dev/null
    await "ALERT heartbeat nas: it said at [0-9TZ:-]* that it failed: disk full" | cut -c1-20
    say muted
    esteira alert mute "heartbeat nas" --for 1h --reason moves >/dev/null
    esteira alert ack $(esteira alert ls -o id | head -1) --note "on it" >/dev/null
    say killed
    kill -9 $(cat data/server.pid)
    esteira alert ls -o jsonl | grep -c '"key":"heartbeat nas","state":"acknowledged"'
    esteira expect ls -o id | sort | head -2
    esteira ping nas 2>/dev/null; echo "exit $?"
    until esteira server --background >/dev/null 2>&1; do :; done
    esteira alert mutes -o id
    esteira alert unmute "heartbeat nas" >/dev/null
    esteira ping nas >/dev/null
    say well
    await "RESOLVED heartbeat nas"
    esteira alert ls --state resolved -o jsonl | grep -c '"note":"on it"'
    say configured
    printf 'heartbeats: {rsync: {every: 1s}}\nalerts: {to: [ops]}\n' > data/esteira.yaml
    await "ALERT heartbeat rsync: no ping yet"
    printf 'heartbeats: [rsync]\n' > data/esteira.yaml
    await "heartbeats maps each name to every and grace"
    esteira expect ls -o id | grep -c rsync
    kill $(cat data/server.pid)

    """

  @Test("tells of silence, low volume and failed heartbeats, over a SIGKILL, and reads its file anew")
  func silence() throws {
    let place = try Place()
    defer { place.clean() }
    try place.write("load.yaml", Self.file)
    try place.write("watch.sh", Self.script)
    let out = try place.shell("watch.sh")
    let parts = out.components(separatedBy: "== ").dropFirst().map {
      $0.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }
    let said = Dictionary(parts.map { ($0[0], Array($0.dropFirst())) }) { _, last in last }
    #expect(said["silence"] == ["ALERT demo/load success_every: no success yet"], "\(out)")
    #expect(said["volume"]?.first == "ALERT demo/load volume: rows is 49")
    #expect(said["volume"]?.contains("demo/load volume") == true)
    #expect(said["volume"]?.last == "exit 1")
    #expect(said["beat"] == ["ALERT heartbeat nas:"])
    #expect(said["killed"] == ["1", "awake heartbeat", "demo/load success_every", "exit 7", "heartbeat nas"])
    #expect(said["well"] == ["RESOLVED heartbeat nas", "1"])
    #expect(
      said["configured"] == [
        "ALERT heartbeat rsync: no ping yet", "heartbeats maps each name to every and grace", "1",
      ], "\(out)")
  }
}
