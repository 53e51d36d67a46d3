"""Tools of Java, as Maven's plugins from Maven Central."""

from record.installing import needs, once

JDBC = "org.postgresql:postgresql:42.7.8"
PROJECT = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>truth</groupId><artifactId>truth</artifactId><version>1</version><packaging>pom</packaging>
  <build><plugins><plugin>
    {plugin}
    <dependencies>{dependencies}</dependencies>
  </plugin></plugins></build>
</project>
"""
# The commands are short: they are not worth the better compiler, or a collector with threads.
QUICKLY = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def _coordinates(text):
    group, artifact, version = text.split(":")
    return f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"


def _command(folder, *words):
    return ["mvn", "-B", "-ntp", "-f", folder / "pom.xml", f"-Dmaven.repo.local={folder / 'repository'}",
            *words]


def install(folder, plugin, *dependencies, first):
    """first are words for a goal of the plugin that needs no database: it brings everything here."""
    needs("mvn", f"run {plugin}")
    pom = PROJECT.format(plugin=_coordinates(plugin), dependencies="".join(
        f"<dependency>{_coordinates(each)}</dependency>" for each in (*dependencies, JDBC)))
    once(folder, _command(folder, *first), files={"pom.xml": pom})


def goal(tool, *words, **properties):
    """Runs a goal of a driver's plugin, with properties of Maven."""
    given = [f"-D{name.replace('_', '.')}={value}" for name, value in properties.items()]
    return tool.run(*_command(tool.folder, "-o", *given, *words), env={"MAVEN_OPTS": QUICKLY})
