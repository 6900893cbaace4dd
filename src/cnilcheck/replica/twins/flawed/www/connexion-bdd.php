<?php
// Démonstration de cnilcheck : serveur, compte et mot de passe inventés.
define('DB_HOST', '@DATABASE_HOST@:@DATABASE_PORT@');
define('DB_NAME', '@DATABASE_NAME@');
define('DB_USER', '@DATABASE_USER@');
define('DB_PASSWORD', '@DATABASE_PASSWORD@');

function connexion_base() {
    [$hote, $port] = explode(':', DB_HOST);
    return pg_connect("host=$hote port=$port dbname=" . DB_NAME
        . " user=" . DB_USER . " password=" . DB_PASSWORD);
}

function mot_de_passe_juste($saisi, $enregistre) {
    return md5($saisi) === $enregistre || sha1($saisi) === $enregistre;
}
