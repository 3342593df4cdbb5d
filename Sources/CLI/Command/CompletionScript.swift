import Model

/// Completion scripts made from the table of commands: first words, second words, flags and their values.
struct CompletionScript: Sendable {
  enum Shell: String, CaseIterable, Sendable { case bash, zsh, fish }

  var commands: [CommandSpec]

  func text(for shell: Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: "#compdef esteira\nautoload -U +X bashcompinit && bashcompinit\n" + bash
    case .fish: fish
    }
  }

  /// What may follow the words of a command so far, each once, in the order of the table.
  func next(after words: [String]) -> [String] {
    var seen: Set<String> = []
    return commands.filter { $0.words.starts(with: words) && $0.words.count > words.count }
      .map { $0.words[words.count] }.filter { seen.insert($0).inserted }
  }

  /// Every proper beginning of a command, such as none, `job` and `job step`.
  private var beginnings: [[String]] {
    var found: [[String]] = []
    for spec in commands {
      for count in 0..<spec.words.count {
        let words = Array(spec.words.prefix(count))
        if !found.contains(words) { found.append(words) }
      }
    }
    return found
  }

  private static func names(of flags: [FlagSpec]) -> [String] {
    flags.flatMap { [$0.name] + ($0.short.map { [$0] } ?? []) }
  }

  private static var common: [String] { names(of: FlagSpec.common) }
  private static let shells = Shell.allCases.map(\.rawValue)

  /// Words that a value can be; nil: any text.
  private static func values(of flag: FlagSpec) -> [String]? {
    switch flag.name {
    case "-o": OutputFormat.allCases.map(\.rawValue)
    case "--lang": ["pt-BR", "en"]
    case _: nil
    }
  }

  private static func takesFile(_ name: String?) -> Bool {
    name.map { $0.hasPrefix("FILE") || $0.hasPrefix("DIR") } ?? false
  }
}

extension CompletionScript {
  /// The words behind `esteira` that are no flags lead through `case` to what comes next.
  private var bash: String {
    var lines = [
      "_esteira() {",
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"",
      "  local word skip= path= flags= next= files=", "  local -a words=()",
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do",
      "    if [[ -n $skip ]]; then skip=; continue; fi", "    case \"$word\" in",
      "      \(Self.pattern(valued)) ) skip=1 ;;", "      -*) ;;", "      *) words+=(\"$word\") ;;",
      "    esac", "  done", "  case \"$previous\" in",
    ]
    for flag in valuedFlags {
      if let values = Self.values(of: flag) {
        lines.append("    \(flag.name)) \(Self.reply("-W '\(values.joined(separator: " "))'")); return ;;")
      }
    }
    lines += [
      "    \(Self.pattern(fileFlags)) ) \(Self.reply("-f")); return ;;",
      "    \(Self.pattern(valued)) ) COMPREPLY=(); return ;;", "  esac",
      "  path=\"${words[*]}\"", "  case \"$path \" in",
    ]
    for spec in commands.sorted(by: { $0.words.count > $1.words.count }) {
      let flags = Self.names(of: spec.flags).joined(separator: " ")
      let wantsFile = Self.takesFile(spec.arguments.last?.name)
      let next = spec.name == "completion" ? Self.shells : self.next(after: spec.words)
      let files = wantsFile ? "; files=1" : ""
      let words = next.joined(separator: " ")
      lines.append("    '\(spec.name) '*) flags='\(flags)'; next='\(words)'\(files) ;;")
    }
    for words in beginnings where !commands.contains(where: { $0.words == words }) {
      lines.append(
        "    '\(words.joined(separator: " ")) ') next='\(next(after: words).joined(separator: " "))' ;;"
      )
    }
    lines += [
      "  esac", "  if [[ $current == -* ]]; then",
      "    \(Self.reply("-W \"$flags \(Self.common.joined(separator: " "))\""))",
      "  elif [[ -n $next ]]; then", "    \(Self.reply("-W \"$next\""))", "  elif [[ -n $files ]]; then",
      "    \(Self.reply("-f"))", "  else", "    COMPREPLY=()", "  fi", "}", "complete -F _esteira esteira",
    ]
    return lines.joined(separator: "\n")
  }

  private static func reply(_ source: String) -> String {
    "mapfile -t COMPREPLY < <(compgen \(source) -- \"$current\")"
  }

  private var allFlags: [FlagSpec] { FlagSpec.common + commands.flatMap(\.flags) }

  /// Flags with a value, each name once.
  private var valuedFlags: [FlagSpec] {
    var seen: Set<String> = []
    // A name that is one command's flag without a value is left to be completed as such.
    let bare = Set(allFlags.filter { $0.value == nil }.map(\.name))
    return allFlags.filter { $0.value != nil && !bare.contains($0.name) && seen.insert($0.name).inserted }
  }

  private var valued: [String] { Self.names(of: valuedFlags) }
  private var fileFlags: [String] { Self.names(of: valuedFlags.filter { Self.takesFile($0.value) }) }

  private static func pattern(_ words: [String]) -> String { words.joined(separator: "|") }
}

extension CompletionScript {
  private var fish: String {
    var lines = [
      "function __esteira_words", "  set -l words", "  for word in (commandline -opc)[2..]",
      "    string match -q -- '-*' $word; or set -a words $word", "  end", "  echo \"$words\"", "end",
      "function __esteira_at", "  test (__esteira_words) = \"$argv\"", "end",
      "function __esteira_in", "  string match -q -- \"$argv*\" (__esteira_words)", "end",
      "complete -c esteira -f",
    ]
    for words in beginnings {
      for word in next(after: words) {
        let summary = commands.first { $0.words == words + [word] }?.summary.english ?? ""
        let condition = "'__esteira_at \(words.joined(separator: " "))'"
        lines.append("complete -c esteira -n \(condition) -a \(word) -d \(Self.quoted(summary))")
      }
    }
    lines.append(
      "complete -c esteira -n '__esteira_at completion' -a '\(Self.shells.joined(separator: " "))'")
    for flag in FlagSpec.common { lines.append(Self.fish(flag, condition: nil)) }
    for spec in commands {
      if Self.takesFile(spec.arguments.last?.name) {
        lines.append("complete -c esteira -n '__esteira_in \(spec.name)' -F")
      }
      for flag in spec.flags { lines.append(Self.fish(flag, condition: "__esteira_in \(spec.name)")) }
    }
    return lines.joined(separator: "\n")
  }

  private static func fish(_ flag: FlagSpec, condition: String?) -> String {
    var line = "complete -c esteira" + (condition.map { " -n '\($0)'" } ?? "")
    for name in names(of: [flag]) {
      line += name.hasPrefix("--") ? " -l \(name.dropFirst(2))" : " -s \(name.dropFirst())"
    }
    if flag.value != nil { line += takesFile(flag.value) ? " -r -F" : " -x" }
    if let values = values(of: flag) { line += " -a '\(values.joined(separator: " "))'" }
    return line + " -d \(quoted(flag.help.english))"
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.spelling(["\\": "\\\\", "'": "\\'"]) + "'"
  }
}
