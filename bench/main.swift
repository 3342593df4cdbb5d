import Foundation

// `Bench [--json] [chain|throughput|start|sleep|queue|parked|program|peers]…`: without words, all of them.
// A process that a part needs is this program again, as `Bench child …`.
let words = Array(CommandLine.arguments.dropFirst())
try CountedFiles.begin()
if words.first == "child" { try await Parts.child(Array(words.dropFirst())) }

let names = words.filter { !$0.hasPrefix("--") }
var report = Report()
for part in Parts.all where names.isEmpty || names.contains(part.name) {
  FileHandle.standardError.write(Data("\(part.name) …\n".utf8))
  report.figures += try await part.measure()
}
print(words.contains("--json") ? report.lines.joined(separator: "\n") : report.table)
exit(report.passes ? 0 : 1)
