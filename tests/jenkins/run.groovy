// Runs a Declarative Jenkinsfile with real `sh`, as an agent would: the stand-in for a controller in the tests.
//
//   java -cp /usr/share/java/groovy-all.jar groovy.ui.GroovyMain run.groovy FILE --ws DIR [--param N=V]… [--env N=V]…
//        [--jobs A,B] [--user NAME] [--abort-after MS]
//
// In: a Jenkinsfile, what was typed into its form, the jobs that there are. Out: the log on stdout, then lines that begin with ==: the
// parameters as the next form has them, the description, what was archived, which builds were begun, the result. What it takes over
// from Jenkins' own sources: a step's script runs with its cookie in the environment, stdin closed, HUP, INT and QUIT ignored; an abort
// sends TERM to every process with the cookie, children first, each up to five seconds; the step is over when its shell is, or after
// twenty; post runs then. It knows what check.groovy lets pass, and neither CPS nor the sandbox nor permissions.

class StepFailed extends RuntimeException { StepFailed(String m) { super(m) } }
class Aborted extends RuntimeException { Aborted(String m) { super(m) } }

class Build {
  static File ws
  static Map typed = [:], outer = [:], params = [:], environment = [:]
  static List jobs = []
  static String user, result = 'SUCCESS', description
  static volatile boolean aborted = false, handled = false
  static volatile String cookie
  static List<String> events = []
  static void worse(String other) {
    def order = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'ABORTED']
    if (order.indexOf(other) > order.indexOf(result)) result = other
  }
  static void log(String text) { println text; System.out.flush() }

  // --- abort ------------------------------------------------------------------------------------------------------
  static List<Long> marked(String cookie) {
    def found = []
    new File('/proc').eachFile { dir ->
      if (!dir.name.isLong()) return
      try { if (new File(dir, 'environ').text.contains("JENKINS_SERVER_COOKIE=${cookie}\0")) found << (dir.name as long) } catch (IOException ignored) { }
    }
    found
  }
  // What is there and no zombie, by /proc: Groovy 2.4 trips over static methods of interfaces, such as ProcessHandle.of.
  static List<String> stat(long pid) {
    try { new File("/proc/$pid/stat").text.replaceAll(/(?s).*\) /, '').tokenize(' ') } catch (IOException ignored) { null }
  }
  static boolean there(long pid) { def s = stat(pid); s != null && s[0] != 'Z' }
  static List<Long> children(long pid) {
    new File('/proc').listFiles().findAll { it.name.isLong() }.collect { it.name as long }.findAll { def s = stat(it); s != null && s[1] == "$pid" }
  }
  static void end(long pid, long deadline) {
    children(pid).each { end(it, deadline) }
    if (there(pid)) new ProcessBuilder('kill', '-TERM', "$pid".toString()).start().waitFor()
    while (there(pid) && System.currentTimeMillis() < deadline) Thread.sleep(10)
  }
  // What the step does that runs when an abort comes, or that begins right after it.
  static void interrupt(String mine) {
    // A process that the machine has not begun yet hears nothing.
    def found = marked(mine)
    while (found.empty && cookie == mine) { Thread.sleep(5); found = marked(mine) }
    log('Sending interrupt signal to process')
    found.each { end(it, System.currentTimeMillis() + 5000) }
  }
}

class EnvironmentMap {
  Map all
  Object getProperty(String name) { name == 'all' ? this.@all : this.@all[name] }
}
class CurrentBuild {
  void setDescription(String text) { Build.description = text }
  String getDescription() { Build.description }
  List getBuildCauses(String kind) { Build.user ? [[userId: Build.user]] : [] }
}

abstract class Jenkinsfile extends Script {
  def currentBuild = new CurrentBuild()
  Map getParams() { Build.params }
  EnvironmentMap getEnv() { new EnvironmentMap(all: Build.outer + Build.environment + Build.params.collectEntries { k, v -> [(k): String.valueOf(v)] }) }
  def propertyMissing(String name) { name }

  // --- steps ------------------------------------------------------------------------------------------------------
  def sh(Map a) { shell(a.script, a.returnStdout == true, a.returnStatus == true) }
  def sh(String script) { shell(script, false, false) }
  def shell(String script, boolean stdout, boolean status) {
    if (Build.aborted && !Build.handled) { Build.handled = true; throw new Aborted('aborted before the step') }
    def temp = new File(Build.ws, '.step'); temp.mkdirs()
    def file = File.createTempFile('script', '.sh', temp)
    file.text = script
    file.executable = true
    def command = script.startsWith('#!') ? [file.path] : ['sh', '-xe', file.path]
    def cookie = 'durable-' + UUID.randomUUID()
    def builder = new ProcessBuilder(['sh', '-c', 'trap "" HUP INT QUIT; exec "$@" </dev/null', 'sh'] + command)
    builder.directory(Build.ws)
    builder.environment().putAll(env.all + [JENKINS_SERVER_COOKIE: cookie, JENKINS_NODE_COOKIE: 'node'])
    Build.cookie = cookie
    def process = builder.start()
    def out = new StringBuffer()
    def errors = Thread.start { process.errorStream.eachLine { Build.log(it) } }
    def reader = Thread.start { process.inputStream.eachLine { stdout ? out.append(it).append('\n') : Build.log(it) } }
    long since = 0
    while (process.alive) {
      if (Build.aborted && !Build.handled) {
        if (since == 0) {
          since = System.currentTimeMillis()
          Thread.startDaemon {
            // An abort that fails is no abort: it must not look like one.
            try { Build.interrupt(cookie) } catch (Throwable e) { e.printStackTrace(); println '== result BROKEN'; System.out.flush(); Runtime.runtime.halt(3) }
          }
        }
        if (System.currentTimeMillis() - since > 20000) { Build.log('After 20s process did not stop'); break }
      }
      Thread.sleep(10)
    }
    Build.cookie = null
    if (Build.aborted && !Build.handled) { Build.handled = true; throw new Aborted('script returned ' + (process.alive ? -1 : process.exitValue())) }
    reader.join(); errors.join()
    int code = process.exitValue()
    if (status) return code
    if (code != 0) { if (stdout) Build.log(out.toString()); throw new StepFailed("script returned exit code $code") }
    stdout ? out.toString() : null
  }
  def echo(String text) { Build.log(text) }
  def error(String text) { throw new StepFailed(text) }
  def node(String label, Closure body) { if (Build.events) Build.events << "on $label".toString(); body() } // the one that runs the pipeline is no event
  def script(Closure body) { body() }
  def timeout(Map a, Closure body) { body() }
  def retry(int n, Closure body) { body() }
  def catchError(Map a, Closure body) {
    try { body() } catch (StepFailed e) {
      Build.log('ERROR: ' + (a.message ? a.message + ': ' : '') + e.message)
      Build.worse(a.buildResult ?: 'FAILURE')
    }
  }
  boolean fileExists(String name) { new File(Build.ws, name).exists() }
  String readFile(String name) { new File(Build.ws, name).text }
  def archiveArtifacts(Map a) {
    def dir = new File(Build.ws, a.artifacts.replace('/**', ''))
    def names = dir.directory ? dir.listFiles().collect { it.name }.sort() : []
    if (!names && !a.allowEmptyArchive) throw new StepFailed('No artifacts found')
    Build.events << "archived ${names.join(' ')}".toString()
  }
  def junit(Map a) {
    def file = new File(Build.ws, a.testResults)
    if (!file.exists()) { if (!a.allowEmptyResults) throw new StepFailed('No test report files were found'); return }
    if (new XmlSlurper().parse(file).depthFirst().any { it.name() in ['failure', 'error'] }) Build.worse('UNSTABLE')
  }
  def booleanParam(Map a) { "${a.name}=${a.value}".toString() }
  def string(Map a) { "${a.name}=${a.value}".toString() }
  def build(Map a) {
    if (!Build.jobs.contains(a.job)) throw new StepFailed("No item named ${a.job} found")
    Build.events << "began ${a.job} ${a.parameters.join(' ')}".toString()
  }

  // --- the pipeline -----------------------------------------------------------------------------------------------
  def pipeline(Closure body) {
    def model = Read.with(new Sections(), body).held
    def form = new Form()
    if (model.parameters) Read.with(form, model.parameters)
    Build.events << "form ${form.shown.join('; ')}".toString()
    // Jenkins refuses what is not in its list before anything runs: the list of the last run, which here is that of the file.
    Build.typed.each { name, value ->
      if (form.choices[name] && !form.choices[name].contains(value) && !Build.outer.STALE) throw new IllegalArgumentException("Illegal choice for parameter $name: $value")
    }
    Build.params = form.defaults + Build.typed.collectEntries { k, v -> [(k): v == 'true' ? true : v == 'false' ? false : form.trims.contains(k) ? v.trim() : v] }
    variables(model.environment)
    guarded { Read.with(new Stages(), model.stages).all.each { runStage(it) } }
    after(model.post)
  }
  void variables(Closure body) {
    if (body == null) return
    def all = [:]
    def c = body.clone(); c.delegate = all; c.resolveStrategy = Closure.DELEGATE_ONLY; c()
    all.each { k, v -> Build.environment[k] = String.valueOf(v) }
  }
  void guarded(Closure body) {
    try { body() }
    catch (Aborted e) { Build.log("ABORTED: ${e.message}"); Build.worse('ABORTED') }
    catch (StepFailed e) { Build.log("ERROR: ${e.message}"); Build.worse(Build.aborted ? 'ABORTED' : 'FAILURE') }
  }
  void runStage(Sections stage) {
    if (Build.result in ['FAILURE', 'ABORTED']) { Build.log("Stage \"${stage.name}\" skipped due to earlier failure(s)"); return }
    if (stage.held.when) {
      if (!Read.with(new When(), stage.held.when).holds) { Build.log("Stage \"${stage.name}\" skipped due to when conditional"); return }
    }
    // A stage's post knows how its steps ended; the build goes on to its own post after it.
    guarded { stage.held.steps() }
    after(stage.held.post)
  }
  void after(Closure post) {
    if (post == null) return
    def conditions = Read.with(new Conditions(), post)
    ['always', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'cleanup'].each { name ->
      def fits = name in ['always', 'cleanup'] || name == 'unsuccessful' && Build.result != 'SUCCESS' || name.toUpperCase() == Build.result
      if (conditions.all[name] && fits) guarded { conditions.all[name]() }
    }
  }
}

class Sections {
  String name
  Map<String, Closure> held = [:]
  def agent(Object what) { }
  def triggers(Closure c) { held.triggers = c }
  def parameters(Closure c) { held.parameters = c }
  def options(Closure c) { held.options = c }
  def environment(Closure c) { held.environment = c }
  def stages(Closure c) { held.stages = c }
  def post(Closure c) { held.post = c }
  def when(Closure c) { held.when = c }
  def steps(Closure c) { held.steps = c }
}
class Stages {
  List<Sections> all = []
  def stage(String name, Closure body) { def s = new Sections(name: name); Read.with(s, body); all << s }
}
class When {
  boolean holds = true
  def beforeAgent(boolean x) { }
  def expression(Closure e) { if (!e()) holds = false }
}
class Conditions {
  Map<String, Closure> all = [:]
  def always(Closure b) { all.always = b }
  def aborted(Closure b) { all.aborted = b }
  def failure(Closure b) { all.failure = b }
  def success(Closure b) { all.success = b }
  def unstable(Closure b) { all.unstable = b }
  def unsuccessful(Closure b) { all.unsuccessful = b }
  def cleanup(Closure b) { all.cleanup = b }
}
class Read {
  static Object with(Object words, Closure body) {
    def c = body.clone(); c.delegate = words; c.resolveStrategy = Closure.DELEGATE_FIRST; c(); words
  }
}
class Form {
  Map defaults = [:], choices = [:]
  List shown = [], trims = []
  def choice(Map a) { choices[a.name] = a.choices.readLines(); defaults[a.name] = choices[a.name][0]; shown << "${a.name}=${choices[a.name].join('|')}".toString() }
  def string(Map a) { defaults[a.name] = a.defaultValue ?: ''; if (a.trim) trims << a.name; shown << "${a.name}=${a.defaultValue}".toString() }
  def booleanParam(Map a) { defaults[a.name] = a.defaultValue; shown << "${a.name}=${a.defaultValue}".toString() }
}

def file = null, abortAfter = -1
def words = args as List
while (words) {
  def word = words.remove(0)
  switch (word) {
    case '--ws': Build.ws = new File(words.remove(0)); break
    case '--param': def p = words.remove(0).split('=', 2); Build.typed[p[0]] = p[1]; break
    case '--env': def e = words.remove(0).split('=', 2); Build.outer[e[0]] = e[1]; break
    case '--jobs': Build.jobs = words.remove(0).split(',') as List; break
    case '--user': Build.user = words.remove(0); break
    case '--abort-after': abortAfter = words.remove(0) as int; break
    default: file = word
  }
}
def configuration = new org.codehaus.groovy.control.CompilerConfiguration(scriptBaseClass: 'Jenkinsfile')
def script = new GroovyShell(this.class.classLoader, new Binding(), configuration).parse(new File(file))
if (abortAfter >= 0) Thread.startDaemon { Thread.sleep(abortAfter); Build.aborted = true }
try { script.run() }
catch (StepFailed e) { Build.log("ERROR: ${e.message}"); Build.worse('FAILURE') }
catch (Aborted e) { Build.worse('ABORTED') }
catch (IllegalArgumentException e) { Build.log("REFUSED: ${e.message}"); Build.result = 'REFUSED' }
Build.events.each { println "== $it" }
println "== description ${Build.description ?: ''}"
println "== result ${Build.result}"
System.exit(Build.result == 'SUCCESS' ? 0 : 1)
