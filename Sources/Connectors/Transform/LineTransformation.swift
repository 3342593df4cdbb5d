import Engine
import Model

/// Transforms a file line by line: what stands in memory is one line. Blocks.
struct LineTransformation {
  private let transformation: Transformation
  private let flag: CancelFlag

  init(_ transformation: Transformation, _ flag: CancelFlag) {
    (self.transformation, self.flag) = (transformation, flag)
  }

  func run(from input: String, to output: String) throws(Failure) -> (taken: Int64, skipped: Int64) {
    let source: OpenFile
    do throws(SystemError.Number) { source = try .own(input) } catch { throw .workFolder(error.value) }
    let target: OpenFile
    do throws(SystemError.Number) { target = try .newOwn(output) } catch { throw .workFolder(error.value) }
    var (buffer, line, out): ([UInt8], [UInt8], [UInt8]) = (
      [UInt8](repeating: 0, count: OpenFile.chunk), [], []
    )
    var (counts, number): ((taken: Int64, skipped: Int64), Int64) = ((0, 0), 0)
    var isDone = false
    while !isDone {
      try flag.check()
      let count: Int
      do throws(SystemError.Number) { count = try source.read(into: &buffer) } catch {
        throw .workFolder(error.value)
      }
      isDone = count == 0
      var rest = buffer[..<count]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        line += rest[..<end]
        try take(&line, &number, &counts, &out)
        rest = rest[(end + 1)...]
      }
      line += rest
      if isDone, !line.isEmpty { try take(&line, &number, &counts, &out) }
      guard line.count <= JSONTransform.lineLimit else { throw tooLong(number) }
      do throws(SystemError.Number) { try target.write(out[...]) } catch { throw .workFolder(error.value) }
      out.removeAll(keepingCapacity: true)
    }
    return counts
  }

  private func take(
    _ line: inout [UInt8], _ number: inout Int64, _ counts: inout (taken: Int64, skipped: Int64),
    _ out: inout [UInt8]
  ) throws(Failure) {
    defer { line.removeAll(keepingCapacity: true) }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard line.count <= JSONTransform.lineLimit else { throw tooLong(number) }
    // An empty line is no value, but it counts for the numbers that people see.
    defer { number += 1 }
    if line.isEmpty { return }
    try flag.check()
    let value: JSON
    do throws(JSONError) { value = try JSON(parsing: line) } catch {
      throw Failure(
        .data, code: "invalid-json",
        "Line \(number + 1) is not JSON: column \(error.column): \(error.message.english)")
    }
    guard let result = try transformation.result(of: value, line: number) else {
      counts.skipped += 1
      return
    }
    counts.taken += 1
    result.write(to: &out)
    out.append(UInt8(ascii: "\n"))
  }

  private func tooLong(_ number: Int64) -> Failure {
    Failure(.data, code: "line-too-long", "Line \(number + 1) has more than 1 MiB.")
  }
}
