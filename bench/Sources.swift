/// The pipelines that are measured.
enum Source {
  private static let head = "apiVersion: esteira/v1\nnamespace: bench\n"

  /// Steps that do nothing, each after the one before, whose output its inputs are computed from.
  ///
  /// `gated`: a first step waits for the signal `go` of its wave, which tells all jobs of it at once.
  static func chain(steps: Int, gated: Bool) -> String {
    var text = head + "id: chain\n"
    if gated { text += "inputs: {wave: {type: string}}\n" }
    text += "steps:\n"
    if gated {
      text += "  gate:\n    wait: {signal: {name: go, key: \"${{ inputs.wave }}\", broadcast: true}}\n"
    }
    for step in 0..<steps {
      text += "  s\(step):\n    uses: bench.none\n"
      if step > 0 {
        text += "    needs: [s\(step - 1)]\n    with:\n"
        text += "      file: \"${{ steps.s\(step - 1).output.file }}\"\n"
        text += "      rows: \"${{ steps.s\(step - 1).output.rows + 1 }}\"\n"
      } else {
        if gated { text += "    needs: [gate]\n" }
        text += "    with: {file: \"gold/${{ job.id }}.json\", rows: 10}\n"
      }
    }
    return text
  }

  /// One step, at once.
  static func single(_ connector: String, name: String = "single") -> String {
    head + "id: \(name)\nsteps:\n  only:\n    uses: \(connector)\n"
  }

  /// Takes the slots of `queued` until the signal `go`.
  static let holder =
    head + """
      id: holder
      concurrency: {scope: namespace, key: slots, limit: 100, when_full: queue}
      steps:
        hold:
          wait: {signal: {name: go, broadcast: true}}

      """
  static let slots = 100

  static let queued =
    head + """
      id: queued
      concurrency: {scope: namespace, key: slots, limit: 100, when_full: queue}
      steps:
        only:
          uses: bench.none

      """

  /// Does one step and then waits for a message that is for it alone.
  static let parked =
    head + """
      id: parked
      steps:
        first:
          uses: bench.none
        answer:
          needs: [first]
          wait: {signal: {name: answer, key: "${{ job.id }}"}}

      """
}
