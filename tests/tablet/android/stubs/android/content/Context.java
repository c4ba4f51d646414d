package android.content;

import java.io.File;
import java.util.HashMap;
import java.util.Map;

public abstract class Context {
    public static final String VIBRATOR_SERVICE = "vibrator", KEYGUARD_SERVICE = "keyguard";
    public static final String CONNECTIVITY_SERVICE = "connectivity", NOTIFICATION_SERVICE = "notification";
    /** Not Android's: what the device has, by name. */
    public static final Map<String, Object> SERVICES = new HashMap<>();
    /** Not Android's: what was started and not stopped, by class name; the intent that started it. */
    public static final Map<String, Intent> RUNNING = new HashMap<>();
    public static String refusesServices;

    /** Declared as Object on Android, too. */
    public Object getSystemService(String name) { return SERVICES.get(name); }
    public <T> T getSystemService(Class<T> type) {
        for (Object each : SERVICES.values()) if (type.isInstance(each)) return type.cast(each);
        return null;
    }
    public String getPackageName() { return "org.ersatzwagen.yard"; }
    public File getCacheDir() { return new File(System.getProperty("java.io.tmpdir"), "cache"); }
    public File getFilesDir() { return new File(System.getProperty("java.io.tmpdir"), "files"); }
    public Context getApplicationContext() { return this; }
    public int checkSelfPermission(String permission) { return 0; }
    public Object startForegroundService(Intent intent) {
        if (refusesServices != null) throw new IllegalStateException(refusesServices);
        RUNNING.put(intent.type, intent);
        return null;
    }
    public boolean stopService(Intent intent) { return RUNNING.remove(intent.type) != null; }
}
