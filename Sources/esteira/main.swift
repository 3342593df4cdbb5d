import Connectors
import Glibc

// Before anything else: a supervisor starts with every child process, and shall start fast.
if CommandLine.arguments.dropFirst().first == "supervise" {
  exit(superviseMain(arguments: Array(CommandLine.arguments.dropFirst(2))))
}
