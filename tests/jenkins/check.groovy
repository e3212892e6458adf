// Checks Jenkinsfiles against what stock Jenkins has: Pipeline and what the setup wizard suggests.
//
//   java -cp /usr/share/java/groovy-all.jar groovy.ui.GroovyMain check.groovy FILE…
//
// In: Declarative Jenkinsfiles. Out: one line a fault, FILE:LINE: what; exit 1 if there is one. It knows a closed list of sections,
// options, triggers, parameters and steps with their arguments, and nothing else passes. It cannot see what a controller sees beyond
// that: CPS, serialisation, the sandbox, permissions.

import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.Phases

class Stock {
  // A step: its named arguments. [''] is what may stand without a name, {} a block behind it.
  static final STEPS = [
    sh: ['', 'script', 'label', 'returnStdout', 'returnStatus', 'encoding'],
    echo: ['', 'message'], error: ['', 'message'], unstable: ['', 'message'], sleep: ['', 'time', 'unit'],
    readFile: ['', 'file', 'encoding'], fileExists: ['', 'file'], writeFile: ['file', 'text', 'encoding'], deleteDir: [],
    archiveArtifacts: ['', 'artifacts', 'allowEmptyArchive', 'fingerprint', 'excludes', 'onlyIfSuccessful'],
    junit: ['', 'testResults', 'allowEmptyResults', 'keepLongStdio', 'skipPublishingChecks'],
    build: ['', 'job', 'wait', 'propagate', 'parameters', 'quietPeriod'],
    stash: ['name', 'includes', 'allowEmpty'], unstash: ['', 'name'], checkout: [''],
    timeout: ['time', 'unit', 'activity', '{}'], retry: ['', 'count', '{}'], dir: ['', '{}'], withEnv: ['', '{}'],
    catchError: ['buildResult', 'stageResult', 'message', 'catchInterruptions', '{}'],
    warnError: ['', 'message', 'catchInterruptions', '{}'], withCredentials: ['', '{}'], script: ['{}'], node: ['', '{}'],
  ]
  static final VALUES = [booleanParam: ['name', 'value'], string: ['name', 'value']] // parameters of `build`
  static final OPTIONS = [
    disableConcurrentBuilds: ['abortPrevious'], disableRestartFromStage: [], skipDefaultCheckout: [''], timestamps: [],
    buildDiscarder: [''], quietPeriod: [''], disableResume: [], preserveStashes: ['buildCount'], skipStagesAfterUnstable: [],
  ]
  static final PARAMETERS = [
    string: ['name', 'defaultValue', 'description', 'trim'], text: ['name', 'defaultValue', 'description'],
    choice: ['name', 'choices', 'description'], booleanParam: ['name', 'defaultValue', 'description'],
  ]
  static final PLUGINS = [
    lock: 'Lockable Resources', ansiColor: 'AnsiColor', readJSON: 'Pipeline Utility Steps', writeJSON: 'Pipeline Utility Steps',
    readYaml: 'Pipeline Utility Steps', publishHTML: 'HTML Publisher', sshagent: 'SSH Agent', slackSend: 'Slack',
    copyArtifacts: 'Copy Artifact', withAWS: 'Pipeline: AWS Steps', httpRequest: 'HTTP Request', wrap: 'a build wrapper',
    extendedChoice: 'Extended Choice', activeChoice: 'Active Choices', gitParameter: 'Git Parameter', parameterizedCron: 'Parameterized Scheduler',
  ]
  static final POST = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'cleanup']
  static final METHODS = ['trim', 'getBuildCauses', 'split', 'contains', 'startsWith'] // of texts and of currentBuild, in script{}
  static final CRON = [[0, 59], [0, 23], [1, 31], [1, 12], [0, 7]]
}

class Checker {
  String file
  List<String> faults = []

  void fault(ASTNode node, String what) { faults << "${file}:${node?.lineNumber ?: 1}: ${what}".toString() }

  void check(File path) {
    file = path.name
    def unit = new CompilationUnit(new CompilerConfiguration())
    def source = unit.addSource(path)
    try { unit.compile(Phases.CONVERSION) } catch (MultipleCompilationErrorsException e) {
      def error = e.errorCollector.getSyntaxError(0)
      faults << "${file}:${error ? error.line : 1}: does not compile: ${error ? error.originalMessage : e.message}".toString()
      return
    }
    def statements = source.AST.statementBlock.statements
    int pipelines = 0
    statements.each { statement ->
      def call = callOf(statement)
      if (call?.methodAsString == 'pipeline') { pipelines++; pipeline(call) }
      else free(statement)
    }
    if (pipelines != 1) fault(statements ? statements[0] : null, 'wants exactly one pipeline { }')
    if (source.AST.classes.size() > 1 || source.AST.methods) fault(null, 'classes and methods are not checked: a Jenkinsfile is a timetable')
  }

  // --- the shape of a call ----------------------------------------------------------------------------------------
  static MethodCallExpression callOf(Statement statement) {
    def e = statement instanceof ExpressionStatement ? statement.expression : null
    e instanceof MethodCallExpression && e.implicitThis ? e : null
  }
  static List<Expression> positional(MethodCallExpression call) {
    def all = call.arguments instanceof TupleExpression ? call.arguments.expressions : [call.arguments]
    all.findAll { !(it instanceof MapExpression) && !(it instanceof ClosureExpression) }
  }
  static Map<String, Expression> named(MethodCallExpression call) {
    def all = call.arguments instanceof TupleExpression ? call.arguments.expressions : [call.arguments]
    def maps = all.findAll { it instanceof MapExpression }
    maps.collectMany { it.mapEntryExpressions }.collectEntries { [(it.keyExpression.text): it.valueExpression] }
  }
  static ClosureExpression block(MethodCallExpression call) {
    def all = call.arguments instanceof TupleExpression ? call.arguments.expressions : [call.arguments]
    all ? (all[-1] instanceof ClosureExpression ? all[-1] : null) : null
  }
  static List<Statement> body(ClosureExpression closure) {
    closure == null ? [] : (closure.code instanceof BlockStatement ? closure.code.statements : [closure.code])
  }
  static String text(Expression e) { e instanceof ConstantExpression ? String.valueOf(e.value) : null }

  // Whether the arguments are among those that there are.
  void arguments(MethodCallExpression call, List<String> known) {
    def name = call.methodAsString
    named(call).keySet().findAll { !known.contains(it) }.each { fault(call, "${name} has no argument '${it}'") }
    if (positional(call) && !known.contains('')) fault(call, "${name} wants its arguments by name")
    if (block(call) && !known.contains('{}')) fault(call, "${name} takes no block")
    if (!block(call) && known.contains('{}')) fault(call, "${name} wants a block")
  }
  void unknown(ASTNode node, String kind, String name) {
    fault(node, Stock.PLUGINS[name] ? "${kind} '${name}' is of a plugin (${Stock.PLUGINS[name]})" : "there is no ${kind} '${name}' in stock Jenkins")
  }

  // --- sections ---------------------------------------------------------------------------------------------------
  void pipeline(MethodCallExpression call) { sections(call, ['agent', 'stages'], ['triggers', 'parameters', 'options', 'environment', 'post'], 'pipeline') }

  void sections(MethodCallExpression call, List<String> must, List<String> may, String where) {
    def seen = []
    body(block(call)).each { statement ->
      def section = callOf(statement)
      def name = section?.methodAsString
      if (!name || !(must + may).contains(name)) { fault(statement, "${name ? "'$name'" : 'this'} is no section of ${where}"); return }
      if (seen.contains(name)) fault(section, "${name} twice in ${where}")
      seen << name
      "$name"(section)
    }
    (must - seen).each { fault(call, "${where} has no ${it}") }
  }

  void agent(MethodCallExpression call) {
    def plain = positional(call)
    if (plain && plain[0] instanceof VariableExpression) {
      if (!['any', 'none'].contains(plain[0].name)) fault(call, "agent ${plain[0].name}: any, none or { label '…' }")
      return
    }
    def inner = body(block(call)).collect { callOf(it) }
    if (inner.size() != 1 || inner[0]?.methodAsString != 'label') fault(call, "agent wants any, none or { label '…' }")
  }

  void triggers(MethodCallExpression call) {
    body(block(call)).each { statement ->
      def trigger = callOf(statement)
      if (trigger?.methodAsString != 'cron') { unknown(statement, 'trigger', trigger?.methodAsString ?: '?'); return }
      def spec = positional(trigger) ? text(positional(trigger)[0]) : null
      if (spec == null) { fault(trigger, 'cron wants a plain text'); return }
      spec.readLines().collect { it.trim() }.findAll { it && !it.startsWith('#') }.eachWithIndex { line, at ->
        if (line.startsWith('TZ=')) { if (at > 0) fault(trigger, 'TZ= comes first'); return }
        if (line.startsWith('@')) return
        def fields = line.split(/\s+/)
        if (fields.size() != 5) { fault(trigger, "cron '${line}' has ${fields.size()} fields, not 5"); return }
        fields.eachWithIndex { field, i -> if (!cronField(field, Stock.CRON[i])) fault(trigger, "cron '${line}': '${field}' is no ${['minute', 'hour', 'day', 'month', 'weekday'][i]}") }
      }
    }
  }
  static boolean cronField(String field, List<Integer> range) {
    field.split(',').every { part ->
      def m = part =~ /^(?:\*|H|H\((\d+)-(\d+)\)|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/
      if (!m.matches()) return false
      [m.group(1), m.group(2), m.group(3), m.group(4)].findAll { it != null }.every { (it as int) in (range[0]..range[1]) } && (m.group(5) == null || (m.group(5) as int) > 0)
    }
  }

  void parameters(MethodCallExpression call) {
    def names = []
    body(block(call)).each { statement ->
      def one = callOf(statement)
      def known = Stock.PARAMETERS[one?.methodAsString]
      if (known == null) { unknown(statement, 'parameter', one?.methodAsString ?: '?'); return }
      arguments(one, known)
      def name = named(one).name
      if (name == null) fault(one, 'a parameter wants a name'); else if (names.contains(text(name))) fault(one, "${text(name)} twice")
      names << text(name)
    }
  }

  void options(MethodCallExpression call) {
    body(block(call)).each { statement ->
      def option = callOf(statement)
      def name = option?.methodAsString
      if (name == 'timeout') { fault(statement, 'timeout in options { } also cuts off post { }: put it around the step'); return }
      if (name == 'retry') { fault(statement, 'retry in options { } runs the whole build again, post { } in between'); return }
      if (Stock.OPTIONS[name] == null) { unknown(statement, 'option', name ?: '?'); return }
      arguments(option, Stock.OPTIONS[name])
      if (name == 'disableConcurrentBuilds' && text(named(option).abortPrevious) == 'true') fault(option, 'abortPrevious kills a night that runs')
    }
  }

  void environment(MethodCallExpression call) {
    body(block(call)).each { statement ->
      def e = statement instanceof ExpressionStatement ? statement.expression : null
      if (!(e instanceof BinaryExpression) || !(e.leftExpression instanceof VariableExpression)) { fault(statement, "environment holds NAME = 'value'"); return }
      def value = e.rightExpression
      if (value instanceof MethodCallExpression && value.methodAsString == 'credentials') return
      if (!(value instanceof ConstantExpression) && !(value instanceof GStringExpression)) fault(statement, "environment holds NAME = 'value'")
      if (value instanceof ConstantExpression && e.leftExpression.name =~ /(?i)passw|secret|token/) fault(statement, "${e.leftExpression.name}: a secret in the file; credentials('id') names one")
    }
  }

  void stages(MethodCallExpression call) {
    def all = body(block(call))
    if (!all) fault(call, 'stages has no stage')
    all.each { statement ->
      def one = callOf(statement)
      if (one?.methodAsString != 'stage') { fault(statement, 'stages holds stages'); return }
      if (!positional(one) || !text(positional(one)[0])) fault(one, 'a stage wants a name')
      sections(one, ['steps'], ['agent', 'when', 'environment', 'post', 'options'], 'stage')
    }
  }

  void when(MethodCallExpression call) {
    body(block(call)).each { statement ->
      def one = callOf(statement)
      if (!['beforeAgent', 'expression', 'branch', 'not', 'allOf', 'anyOf', 'environment'].contains(one?.methodAsString)) fault(statement, "'${one?.methodAsString}' is no condition of when")
      if (one?.methodAsString == 'expression') free(new BlockStatement(body(block(one)), null))
    }
  }

  void post(MethodCallExpression call) {
    def all = body(block(call))
    if (!all) fault(call, 'post is empty')
    all.each { statement ->
      def one = callOf(statement)
      if (!Stock.POST.contains(one?.methodAsString)) { fault(statement, "'${one?.methodAsString}' is no condition of post"); return }
      steps(one)
    }
  }

  // --- steps ------------------------------------------------------------------------------------------------------
  void steps(MethodCallExpression call) {
    def all = body(block(call))
    if (!all) fault(call, "${call.methodAsString} is empty")
    all.each { statement ->
      def one = callOf(statement)
      if (one == null) { fault(statement, 'only steps stand here; anything else goes into script { }'); return }
      step(one, one.methodAsString == 'script')
    }
  }

  void step(MethodCallExpression call, boolean free) {
    def name = call.methodAsString
    def known = Stock.STEPS[name]
    if (known == null) { unknown(call, 'step', name); return }
    arguments(call, known)
    if (name == 'sh') shell(call)
    if (name == 'build') value(named(call).parameters)
    if (name == 'timeout' && named(call).unit && !['SECONDS', 'MINUTES', 'HOURS', 'DAYS'].contains(text(named(call).unit))) fault(call, "'${text(named(call).unit)}' is no unit of timeout")
    if (block(call)) { if (free) this.free(new BlockStatement(body(block(call)), null)) else steps(call) }
  }

  void value(Expression parameters) {
    if (!(parameters instanceof ListExpression)) return
    parameters.expressions.findAll { it instanceof MethodCallExpression }.each { one ->
      if (!Stock.VALUES[one.methodAsString]) unknown(one, 'parameter', one.methodAsString) else arguments(one, Stock.VALUES[one.methodAsString])
    }
  }

  void shell(MethodCallExpression call) {
    def script = named(call).script ?: (positional(call) ? positional(call)[0] : null)
    if (script == null) { fault(call, 'sh has no script'); return }
    if (!(script instanceof ConstantExpression)) { fault(call, 'sh with a text that Groovy puts together: what is in it becomes part of a command line, and a secret part of the log. Single quotes, and variables of the shell'); return }
    def lines = text(script)
    if (named(call).returnStdout && named(call).returnStatus) fault(call, 'returnStdout and returnStatus exclude each other')
    def shebang = lines.startsWith('#!')
    if (!shebang && lines =~ /(?m)^\s*#!/) fault(call, '#! is not first: sh runs it, not the shell that is named')
    if (!shebang && lines =~ /pipefail/) fault(call, 'pipefail, and /bin/sh (dash) that does not know it')
    def code = lines.replaceAll(/(?m)^\s*#.*$/, '').replaceAll(/'[^']*'/, "''").replace('||', '')
    if (code.contains('|') && !(lines =~ /set -\w*o pipefail|set -euo pipefail/)) fault(call, 'a pipe without pipefail: it is green whatever fails before its end')
    if (shebang && !(lines =~ /(?m)^set -euo pipefail$/)) fault(call, 'a script with #! goes on after a failure: set -euo pipefail')
  }

  // Groovy in script { } and beside pipeline { }: steps, variables, texts. No collections, no JSON, no objects.
  void free(ASTNode node) {
    def checker = this
    node.visit(new CodeVisitorSupport() {
      void visitMethodCallExpression(MethodCallExpression call) {
        if (call.implicitThis) { checker.step(call, true); if (Stock.STEPS[call.methodAsString]?.contains('{}')) return }
        else if (!Stock.METHODS.contains(call.methodAsString)) checker.fault(call, "'.${call.methodAsString}()' is not for a Jenkinsfile: the tools do that")
        super.visitMethodCallExpression(call)
      }
      void visitConstructorCallExpression(ConstructorCallExpression call) { checker.fault(call, "new ${call.type.name}: the sandbox refuses it, or it cannot be stored over a restart") }
      void visitStaticMethodCallExpression(StaticMethodCallExpression call) { checker.fault(call, 'static calls are not for a Jenkinsfile') }
    })
  }
}

int wrong = 0
args.each { name ->
  def checker = new Checker()
  checker.check(new File(name))
  checker.faults.each { println it }
  wrong += checker.faults.size()
}
System.exit(wrong ? 1 : 0)
