import Engine
import Foundation
import Model

@testable import Connectors

extension Refused {
  static let scripts: [Refused] = common("shell", "run") + common("python", "run") + shell + python + programs

  /// What all scripts refuse before anything runs.
  private static func common(_ name: String, _ key: String, source: String = "true") -> [Refused] {
    func with(_ member: String, _ value: JSON) -> JSON { [key: .string(source), member: value] }
    return [
      Refused(name, "a variable whose name is none", with("env", ["A B": "x"]), .configuration),
      Refused(name, "a variable of ours", with("env", ["ESTEIRA_OUTPUT": "x"]), .configuration),
      Refused(name, "a NUL in a variable", with("env", ["A": "x\0y"]), .data),
      Refused(
        name, "a file name that leads out", with("files", ["../a": "b"]), .configuration, "unsafe-path"),
      Refused(name, "a file from outside", with("files", ["a": "../b"]), .configuration, "unsafe-path"),
      Refused(name, "a file that is not there", with("files", ["a": "b"]), .configuration, "file-not-found"),
      Refused(name, "an output of no type", with("outputs", ["a": "text"])),
    ]
  }

  private static func ends(
    _ name: String, _ why: String, _ run: String, _ errorClass: ErrorClass, _ code: String,
    _ more: JSONObject = [:]
  ) -> Refused {
    Refused(
      name, why, .object(JSONObject([("run", .string(run))] + more.map { ($0.key, $0.value) })), errorClass,
      code)
  }

  private static let shell: [Refused] = [
    Refused("shell", "no script", [:], .configuration),
    Refused("shell", "a script and a program", ["run": "true", "program": "a.sh"], .configuration),
    Refused("shell", "a program that is not there", ["program": "a.sh"], .configuration, "program-not-found"),
    ends("shell", "an exit code", "exit 3", .exit, "exit-code"),
    ends("shell", "a pipe whose first part fails", "false | true", .exit, "exit-code"),
    ends("shell", "a signal", "kill -9 $$", .exit, "killed-by-signal"),
    ends("shell", "an output that is no JSON", "echo x > $ESTEIRA_OUTPUT", .data, "invalid-output"),
    ends("shell", "an output that is a list", "echo '[]' > $ESTEIRA_OUTPUT", .data, "invalid-output"),
    ends(
      "shell", "an output of a taken name", "echo '{\"stdout\": 1}' > $ESTEIRA_OUTPUT", .data,
      "invalid-output"),
    ends(
      "shell", "a missing artifact", "true", .data, "missing-output", ["outputs": ["a": "artifact"]]),
    ends(
      "shell", "an output of another type", "echo '{\"a\": \"1\"}' > $ESTEIRA_OUTPUT", .data,
      "missing-output", ["outputs": ["a": "integer"]]),
    ends(
      "shell", "an output of 5 MiB", "head -c 5242880 /dev/zero > $ESTEIRA_OUTPUT", .outputTooLarge,
      "output-too-large"),
    ends(
      "shell", "1,001 artifacts", "cd $ESTEIRA_ARTIFACTS; touch {0..1000}", .outputTooLarge,
      "too-many-artifacts"),
  ]

  private static let python: [Refused] = [
    Refused("python", "no script", [:], .configuration),
    Refused(
      "python", "a program that is not there", ["program": "a.py"], .configuration, "program-not-found"),
    ends("python", "a mistake of form", "def", .exit, "exit-code"),
    ends("python", "an exception", "raise ValueError('x')", .exit, "exit-code"),
    ends(
      "python", "a number for the output", "import os; open(os.environ['ESTEIRA_OUTPUT'], 'w').write('1')",
      .data, "invalid-output"),
    ends(
      "python", "an output that is missing", "pass", .data, "missing-output", ["outputs": ["n": "integer"]]),
  ]

  private static let programs: [Refused] =
    common("process.run", "program", source: "/bin/true") + [
      Refused("process.run", "no program", [:]),
      Refused("process.run", "a script", ["run": "true"]),
      Refused(
        "process.run", "a program that is not there", ["program": "/no/such"], .configuration,
        "program-not-found"),
      Refused(
        "process.run", "a program out of its folder", ["program": "../x"], .configuration, "program-not-found"
      ),
      Refused("process.run", "a folder", ["program": "/etc"], .configuration, "program-not-found"),
      Refused(
        "process.run", "a text that cannot be run", [:], .configuration, "program-not-executable",
        prepare: { bench, _ in
          let path = bench.root + "/text"
          try "just text\n".write(toFile: path, atomically: false, encoding: .utf8)
          return ["program": .string(path)]
        }),
      Refused("process.run", "an exit code", ["program": "/bin/false"], .exit, "exit-code"),
      Refused(
        "process.run", "more arguments than the system takes",
        [
          "program": "/bin/true",
          "arguments": .array(Array(repeating: .string(String(repeating: "x", count: 100_000)), count: 50)),
        ],
        .data, "cannot-start-program"),
    ]
}
