//! TLS to a target and to a source, each with a certificate of an authority that only its configuration names.

use std::path::Path;
use std::process::Command;

use refreshkit::mysql::Engine;

use crate::restore_place::{Place, assert_same, picture};
use crate::support::{Output, Private, Tool};

fn openssl(directory: &Path, line: &str) {
    let output = Command::new("openssl").current_dir(directory).args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Two authorities, and a certificate of the right one for 127.0.0.1; the options of a server that shows it.
pub(crate) fn with_certificates(home: &Path) -> String {
    with_certificates_of(home, "IP:127.0.0.1")
}

/// The same for another name: `DNS:db.internal`.
pub(crate) fn with_certificates_of(home: &Path, name: &str) -> String {
    let directory = home.join("tls");
    std::fs::create_dir(&directory).unwrap();
    for authority in ["wrong", "right"] {
        openssl(
            &directory,
            &format!(
                "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={authority} -keyout {authority}.key -out {authority}.pem"
            ),
        );
    }
    openssl(&directory, "req -newkey rsa:2048 -nodes -subj /CN=dev -keyout server.key -out server.csr");
    std::fs::write(directory.join("names"), format!("subjectAltName={name}\n")).unwrap();
    openssl(
        &directory,
        "x509 -req -in server.csr -CA right.pem -CAkey right.key -days 2 -extfile names -out server.pem -set_serial 7",
    );
    let directory = directory.display();
    format!(
        "--ssl-ca={directory}/right.pem --ssl-cert={directory}/server.pem --ssl-key={directory}/server.key"
    )
}

/// The settings of a server on this host that is spoken to like one that is not.
pub(crate) fn settings(private: &Private, authority: &str, host: &str) -> String {
    let authority = private.home().join("tls").join(authority);
    format!("host = \"{host}\"\ntls_ca = \"{}\"\n", authority.display())
}

pub(crate) fn tls_is_verified_with_the_authority_that_is_named(private: &Private, place: &Place) {
    let mut session = private.server.session();
    session.run("setting up TLS", "SET GLOBAL require_secure_transport = ON").unwrap();
    a_refresh_over_tls(private, place);
    a_dump_over_tls(private, place);
}

fn a_refresh_over_tls(private: &Private, place: &Place) {
    let configure = |authority: &str, host: &str| {
        place.configure_target(&settings(private, authority, host));
        place.tool(&["--target", "dev3"])
    };
    let old = picture(&private.server, place.database());
    let output = configure("wrong.pem", "127.0.0.1").run().exits(69);
    assert!(output.stderr.contains("certificate"), "{}", output.stderr);
    // The name in the certificate counts, too.
    let output = configure("right.pem", "localhost").run().exits(69);
    assert!(output.stderr.contains("certificate"), "{}", output.stderr);
    place.configure_target("host = \"127.0.0.1\"\ntls = \"off\"");
    let output = place.tool(&["--target", "dev3"]).run().exits(69);
    // MariaDB calls it a wrong password.
    let said = if private.server.engine == Engine::MySql { "ERROR 3159" } else { "ERROR 1045" };
    assert!(output.stderr.contains(said) && output.stderr.contains("set tls_ca"), "{}", output.stderr);
    assert_same(&picture(&private.server, place.database()), &old);
    configure("right.pem", "127.0.0.1").run().exits(0);
}

fn a_dump_over_tls(private: &Private, place: &Place) {
    let dumps = place.path("secure");
    std::fs::create_dir(&dumps).unwrap();
    let dump = |settings: &str| -> Output {
        let text = format!(
            "[source]\n{settings}defaults_file = \"{}\"\n[dump]\nprove = \"off\"\ndir = \"{}\"\nname = \"app\"\n",
            private.server.client_cnf.display(),
            dumps.display()
        );
        std::fs::write(place.path("secure.toml"), text).unwrap();
        let tool = Tool::new("mydump-rotate").arg("--config").arg(place.path("secure.toml"));
        tool.arg("--state-dir").arg(place.path("state")).args(["--whole", place.database()]).run()
    };
    for (authority, host) in [("wrong.pem", "127.0.0.1"), ("right.pem", "localhost")] {
        let output = dump(&settings(private, authority, host)).exits(69);
        assert!(output.stderr.contains("certificate"), "{}", output.stderr);
        assert_eq!(
            refreshkit::archive::list(&dumps, None, refreshkit::archive::Trust::anybody()).unwrap().len(),
            0,
            "nothing was published"
        );
    }
    let made = dump(&settings(private, "right.pem", "127.0.0.1")).exits(0).document().dump.unwrap();
    assert!(made.rows > 0 && Path::new(&made.path).is_file(), "{made:?}");
}
