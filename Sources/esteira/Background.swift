import CLI
import CSystem
import Connectors
import Glibc
import Model

/// Starts the server as a process of its own session and waits for its first words: ready, or why not.
enum Background {
  static func start(_ options: ServeOptions, _ language: Language) -> Int32 {
    let data = Places.data(options.data)
    guard Folder.make(data) else { return failed(data, errno, language) }
    var ends: [Int32] = [-1, -1]
    let log = esteira_open(data + "/server.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard esteira_pipe(&ends) == 0, log >= 0, null >= 0 else { return failed(data, errno, language) }
    let words =
      [
        "esteira", "server", "--data", data, "--drain", options.drain.secondsText, "--lang",
        language.rawValue,
      ] + options.listen.flatMap { ["--listen", $0] }
    let result = spawn(words, null: null, log: log, report: ends[1])
    for file in [ends[1], log, null] { close(file) }
    defer { close(ends[0]) }
    guard result == 0 else { return failed(data, result, language) }
    return relay(from: ends[0], log: data + "/server.log", language)
  }

  private static func spawn(_ words: [String], null: Int32, log: Int32, report: Int32) -> Int32 {
    setenv(Serving.reportVariable, "1", 1)
    defer { unsetenv(Serving.reportVariable) }
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid = pid_t()
    return esteira_spawn(
      "/proc/self/exe", &arguments, esteira_environment(), null, log, log, report, -1, &pid)
  }

  /// The first line of a report is an exit code, the others are for people.
  static func send(_ code: Int32, _ lines: [String], to file: Int32) {
    _ = AtomicFile.writeAll(Array(([String(code)] + lines).joined(separator: "\n").utf8), to: file)
    close(file)
  }

  private static func relay(from file: Int32, log: String, _ language: Language) -> Int32 {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    guard let code = lines.first.flatMap({ Int32($0) }) else {
      let text = Bilingual(
        "The server ended before it was ready; see \(log).",
        pt: "O servidor terminou antes de ficar pronto; veja \(log).")
      Console.system.error("esteira: \(text[language]) [server-ended]")
      return 7
    }
    for line in lines.dropFirst() {
      if code == 0 { Console.system.out(String(line)) } else { Console.system.error(String(line)) }
    }
    return code
  }

  private static func failed(_ data: String, _ number: Int32, _ language: Language) -> Int32 {
    let reason = Bilingual.systemReason(number)
    let text = Bilingual(
      "No server can be started on \(data): \(reason[.english]).",
      pt: "Não foi possível iniciar um servidor em \(data): \(reason[.portuguese]).")
    Console.system.error("esteira: \(text[language]) [data-folder]")
    return 7
  }
}
